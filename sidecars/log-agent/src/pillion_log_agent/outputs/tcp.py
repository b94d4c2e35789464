"""The output `tcp`: records over one connection, with TLS where it is asked for.

Source: fluent-bit's manual, "TCP and TLS".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import optional, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import PORT, TEXT, TIME, choice
from pillion_log_agent.configuration.reasons import NETWORK
from pillion_log_agent.network.endpoint import Endpoint
from pillion_log_agent.network.stream import StreamSender
from pillion_log_agent.network.tls import TlsProperties, make_context
from pillion_log_agent.outputs.message import MessageProperties, message_of
from pillion_log_agent.outputs.output import TAKEN
from pillion_log_agent.outputs.rendering import DATE_FORMATS, arrows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.outputs.message import Render
    from pillion_log_agent.outputs.output import Outcome, OutputContext
    from pillion_log_agent.records.batch import Batch


@dataclass(frozen=True, slots=True)
class StreamProperties(TlsProperties):
    """What an output over a connection has, beside the properties of TLS."""

    host: str = setting("host", TEXT, "The server.", default="127.0.0.1")
    port: int = setting("port", PORT, "Its port.", default=5170)
    net_connect_timeout: float = setting(
        "net.connect_timeout", TIME, "The most that a connection may take.", default=10.0
    )
    net_io_timeout: float = setting(
        "net.io_timeout", TIME, "The most that a write may take; 0 is 60 s.", default=0.0
    )


@dataclass(frozen=True, slots=True)
class TcpProperties(StreamProperties):
    """The properties of `tcp`."""

    format: str = setting(
        "format",
        choice("msgpack", "json", "json_lines", "json_stream"),
        "How records are written.",
        default="msgpack",
    )
    json_date_key: str = setting(
        "json_date_key", TEXT, "The field of the time; false leaves it out.", default="date"
    )
    json_date_format: str = setting(
        "json_date_format", choice(*DATE_FORMATS), "How the time is written.", default="double"
    )
    raw_message_key: str | None = optional(
        "raw_message_key", TEXT, "The field that is sent, a line each, in place of a format."
    )


DEFAULT_SECONDS = 60.0
STREAM_ACCEPTED = {
    **{name: why for name, why in NETWORK.items() if name != "net.io_timeout"},
    "tls.debug": "errors of TLS are logged",
}
STREAM_REFUSED = {
    "net.source_address": "let the system's routes choose the address",
    "upstream": "give one output for each server, or a host name that stands for all of them",
}


def make_stream(properties: StreamProperties) -> StreamSender:
    """Return what sends to the server of the properties; raises ConfigurationError."""
    endpoint = Endpoint(
        properties.host,
        properties.port,
        make_context(properties),
        properties.tls_vhost,
        connect_timeout=properties.net_connect_timeout,
    )
    return StreamSender(endpoint, properties.net_io_timeout or DEFAULT_SECONDS)


def raw_lines(key: str) -> Render:
    """Return what writes one field of each record on a line; a record without it has none."""
    return lambda batches: b"".join(
        f"{value if isinstance(value, str) else arrows(value)}\n".encode("utf-8", "replace")
        for batch in batches
        for record in batch.decoded()
        if (value := record.get(key)) is not None
    )


class TcpOutput:
    """Sends over one connection. What the system has taken counts as delivered."""

    delay = True

    def __init__(self, properties: TcpProperties, _context: OutputContext) -> None:
        self._render = message_of(
            MessageProperties(
                properties.format, properties.json_date_key, properties.json_date_format
            )
        )
        if properties.raw_message_key is not None:
            self._render = raw_lines(properties.raw_message_key)
        self._stream = make_stream(properties)

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Send the batches.

        Raises:
            TransientError: the server is not there, or the connection broke.
        """
        if data := self._render(batches):
            await self._stream.send(data)
        return TAKEN

    async def close(self) -> None:
        """Close the connection."""
        await self._stream.close()


TCP = Declaration(
    name="tcp",
    summary="Sends to whoever listens at a TCP port, with or without TLS.",
    properties=TcpProperties,
    accepted=STREAM_ACCEPTED,
    refused=STREAM_REFUSED,
    build=TcpOutput,
)
