"""The output `udp`: a datagram for each record.

Source: fluent-bit's manual, "UDP".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import optional, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import PORT, TEXT, choice
from pillion_log_agent.configuration.reasons import NETWORK
from pillion_log_agent.network.datagram import LONGEST, DatagramSender
from pillion_log_agent.network.endpoint import Endpoint
from pillion_log_agent.outputs.message import MessageProperties, message_of
from pillion_log_agent.outputs.output import Outcome, Rejection
from pillion_log_agent.outputs.rendering import DATE_FORMATS
from pillion_log_agent.outputs.tcp import STREAM_REFUSED, raw_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.outputs.output import OutputContext
    from pillion_log_agent.records.batch import Batch


@dataclass(frozen=True, slots=True)
class UdpProperties:
    """The properties of `udp`."""

    host: str = setting("host", TEXT, "The server.", default="127.0.0.1")
    port: int = setting("port", PORT, "Its port.", default=5170)
    format: str = setting(
        "format",
        choice("json_lines", "json", "json_stream", "msgpack"),
        "How records are written.",
        default="json_lines",
    )
    json_date_key: str = setting(
        "json_date_key", TEXT, "The field of the time; false leaves it out.", default="date"
    )
    json_date_format: str = setting(
        "json_date_format", choice(*DATE_FORMATS), "How the time is written.", default="double"
    )
    raw_message_key: str | None = optional(
        "raw_message_key", TEXT, "The field that is sent in place of a format."
    )


class UdpOutput:
    """Sends datagrams. What the system has taken counts as delivered."""

    delay = False

    def __init__(self, properties: UdpProperties, _context: OutputContext) -> None:
        self._render = message_of(
            MessageProperties(
                properties.format, properties.json_date_key, properties.json_date_format
            )
        )
        if properties.raw_message_key is not None:
            self._render = raw_lines(properties.raw_message_key)
        self._sender = DatagramSender(Endpoint(properties.host, properties.port))

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Send the batches; a record that fits no datagram is refused for good.

        Raises:
            TransientError: the system cannot send.
        """
        datagrams: list[bytes] = []
        rejected: list[Rejection] = []
        for number, batch in enumerate(batches):
            for index in range(len(batch)):
                datagram = self._render([batch.select([index])])
                if len(datagram) > LONGEST:
                    rejected.append(
                        Rejection(number, index, "too_large", f"has {len(datagram)} bytes")
                    )
                elif datagram:
                    datagrams.append(datagram)
        await self._sender.send(datagrams)
        return Outcome(rejected)

    async def close(self) -> None:
        """Close the socket."""
        await self._sender.close()


UDP = Declaration(
    name="udp",
    summary="Sends a datagram for each record.",
    properties=UdpProperties,
    accepted={
        **{name: why for name, why in NETWORK.items() if not name.startswith("tls")},
        **dict.fromkeys(("tls", "tls.verify"), "there is no TLS over datagrams"),
        "net.connect_timeout": "there is no connection",
    },
    refused=STREAM_REFUSED,
    build=UdpOutput,
)
