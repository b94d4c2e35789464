"""The output `gelf`: messages to Graylog over UDP, TCP or TLS.

Source: fluent-bit's manual, "GELF"; Graylog's documentation, "GELF via UDP" and "via TCP".
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.settings import optional, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, NUMBER, PORT, TEXT, choice
from pillion_log_agent.network.datagram import LONGEST, DatagramSender
from pillion_log_agent.network.endpoint import Endpoint
from pillion_log_agent.outputs.gelf_message import GelfKeys, messages
from pillion_log_agent.outputs.output import TAKEN, Outcome, Rejection
from pillion_log_agent.outputs.tcp import (
    STREAM_ACCEPTED,
    STREAM_REFUSED,
    StreamProperties,
    make_stream,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.outputs.output import OutputContext
    from pillion_log_agent.records.batch import Batch

MAGIC = b"\x1e\x0f"
HEADER = 12
MOST_CHUNKS = 128
"""Of one message; Graylog drops what has more."""


@dataclass(frozen=True, slots=True)
class GelfProperties(StreamProperties):
    """The properties of `gelf`."""

    port: int = setting("port", PORT, "Its port.", default=12201)
    mode: str = setting("mode", choice("udp", "tcp", "tls"), "How it is sent.", default="udp")
    gelf_tag_key: str | None = optional("gelf_tag_key", TEXT, "The field that the tag goes into.")
    gelf_short_message_key: str = setting(
        "gelf_short_message_key", TEXT, "The field of the message.", default="short_message"
    )
    gelf_timestamp_key: str | None = optional(
        "gelf_timestamp_key", TEXT, "The field of the time, in seconds."
    )
    gelf_host_key: str = setting("gelf_host_key", TEXT, "The field of the host.", default="host")
    gelf_full_message_key: str = setting(
        "gelf_full_message_key", TEXT, "The field of the whole message.", default="full_message"
    )
    gelf_level_key: str = setting(
        "gelf_level_key", TEXT, "The field of the level, a number or a word.", default="level"
    )
    packet_size: int = setting("packet_size", NUMBER, "The longest datagram.", default=1420)
    compress: bool = setting("compress", FLAG, "Compress datagrams.", default=True)


class GelfOutput:
    """Sends messages."""

    delay = True

    def __init__(self, properties: GelfProperties, _context: OutputContext) -> None:
        if not HEADER < properties.packet_size <= LONGEST:
            raise ConfigurationError(f"packet_size: has to be from {HEADER + 1} to {LONGEST}")
        if properties.mode == "tls" and not properties.tls:
            raise ConfigurationError("tls: has to be on with mode tls")
        self._keys = GelfKeys(
            properties.gelf_timestamp_key,
            properties.gelf_host_key,
            properties.gelf_short_message_key,
            properties.gelf_full_message_key,
            properties.gelf_level_key,
            properties.gelf_tag_key,
        )
        self._size = properties.packet_size
        self._compresses = properties.compress
        is_udp = properties.mode == "udp"
        endpoint = Endpoint(properties.host, properties.port)
        self._datagrams = DatagramSender(endpoint) if is_udp else None
        self._stream = None if is_udp else make_stream(properties)

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Send the batches.

        Raises:
            TransientError: the server cannot be sent to.
        """
        made = [
            (number, index, message)
            for number, batch in enumerate(batches)
            for index, message in enumerate(messages(batch, self._keys))
        ]
        if self._stream is not None:
            await self._stream.send(b"".join(message + b"\0" for _, _, message in made))
            return TAKEN
        assert self._datagrams is not None
        rejected: list[Rejection] = []
        sent: list[bytes] = []
        for number, index, message in made:
            data = zlib.compress(message) if self._compresses else message
            chunks = chunked(data, self._size, os.urandom(8))
            if chunks is None:
                rejected.append(Rejection(number, index, "too_large", f"has {len(data)} bytes"))
            else:
                sent += chunks
        await self._datagrams.send(sent)
        return Outcome(rejected)

    async def close(self) -> None:
        """Close the connection."""
        if self._stream is not None:
            await self._stream.close()
        if self._datagrams is not None:
            await self._datagrams.close()


def chunked(data: bytes, size: int, identity: bytes) -> list[bytes] | None:
    """Return the datagrams of a message; None where it needs more than 128."""
    if len(data) <= size:
        return [data]
    room = size - HEADER
    parts = [data[start : start + room] for start in range(0, len(data), room)]
    if len(parts) > MOST_CHUNKS:
        return None
    return [
        MAGIC + identity + bytes((number, len(parts))) + part for number, part in enumerate(parts)
    ]


GELF = Declaration(
    name="gelf",
    summary="Sends messages to Graylog.",
    properties=GelfProperties,
    accepted=STREAM_ACCEPTED,
    refused=STREAM_REFUSED,
    build=GelfOutput,
)
