"""The output `syslog`: messages to a syslog server over UDP, TCP or TLS.

Source: fluent-bit's manual, "Syslog"; RFC 5424, RFC 3164, RFC 6587 (a newline ends a message).
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.settings import optional, repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import NUMBER, PORT, SIZE, TEXT, choice
from pillion_log_agent.network.datagram import LONGEST, DatagramSender
from pillion_log_agent.network.endpoint import Endpoint
from pillion_log_agent.outputs.output import TAKEN
from pillion_log_agent.outputs.syslog_message import FACILITIES, Part, SyslogFormat
from pillion_log_agent.outputs.tcp import (
    STREAM_ACCEPTED,
    STREAM_REFUSED,
    StreamProperties,
    make_stream,
)
from pillion_log_agent.records.accessor import parse_accessor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.outputs.output import Outcome, OutputContext
    from pillion_log_agent.records.accessor import Accessor
    from pillion_log_agent.records.batch import Batch

SIZES = {"udp": 1024, "tcp": 2048, "tls": 2048}
_SEVERITIES = 8
_HOST, _APP, _PROCESS, _MESSAGE = 255, 48, 128, 32
"""The longest parts of a header (RFC 5424, 6)."""


@dataclass(frozen=True, slots=True)
class SyslogProperties(StreamProperties):
    """The properties of `syslog`."""

    port: int = setting("port", PORT, "Its port.", default=514)
    mode: str = setting("mode", choice("udp", "tcp", "tls"), "How it is sent.", default="udp")
    syslog_format: str = setting(
        "syslog_format", choice("rfc5424", "rfc3164"), "Which format.", default="rfc5424"
    )
    syslog_maxsize: int = setting(
        "syslog_maxsize", SIZE, "The longest message; 0 is 1024 over UDP and 2048 else.", default=0
    )
    syslog_severity_key: str | None = optional(
        "syslog_severity_key", TEXT, "The field of the severity, a number or a word."
    )
    syslog_severity_preset: int = setting(
        "syslog_severity_preset", NUMBER, "Where it is not there.", default=6
    )
    syslog_facility_key: str | None = optional(
        "syslog_facility_key", TEXT, "The field of the facility, likewise."
    )
    syslog_facility_preset: int = setting(
        "syslog_facility_preset", NUMBER, "Where it is not there.", default=1
    )
    syslog_hostname_key: str | None = optional("syslog_hostname_key", TEXT, "That of the host.")
    syslog_hostname_preset: str | None = optional(
        "syslog_hostname_preset", TEXT, "Where it is not there; our own if not given."
    )
    syslog_appname_key: str | None = optional("syslog_appname_key", TEXT, "That of the program.")
    syslog_appname_preset: str = setting(
        "syslog_appname_preset", TEXT, "Where it is not there.", default=""
    )
    syslog_procid_key: str | None = optional("syslog_procid_key", TEXT, "That of the process.")
    syslog_procid_preset: str = setting(
        "syslog_procid_preset", TEXT, "Where it is not there.", default=""
    )
    syslog_msgid_key: str | None = optional("syslog_msgid_key", TEXT, "That of the message's id.")
    syslog_msgid_preset: str = setting(
        "syslog_msgid_preset", TEXT, "Where it is not there.", default=""
    )
    syslog_sd_key: tuple[str, ...] = repeated(
        "syslog_sd_key", TEXT, "An object that becomes structured data."
    )
    syslog_message_key: str | None = optional(
        "syslog_message_key", TEXT, "The field of the message; the record as JSON if not given."
    )


class SyslogOutput:
    """Sends messages. What the system has taken counts as delivered."""

    delay = True

    def __init__(self, properties: SyslogProperties, _context: OutputContext) -> None:
        if properties.mode == "tls" and not properties.tls:
            raise ConfigurationError("tls: has to be on with mode tls")
        self._format = _format(properties)
        is_udp = properties.mode == "udp"
        endpoint = Endpoint(properties.host, properties.port)
        self._datagrams = DatagramSender(endpoint) if is_udp else None
        self._stream = None if is_udp else make_stream(properties)

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Send the batches.

        Raises:
            TransientError: the server cannot be sent to.
        """
        messages = [
            self._format.render(record, time)
            for batch in batches
            for record, time in zip(batch.decoded(), batch.times.nanoseconds(), strict=True)
        ]
        if self._datagrams is not None:
            await self._datagrams.send(messages)
        elif self._stream is not None:
            await self._stream.send(b"".join(message + b"\n" for message in messages))
        return TAKEN

    async def close(self) -> None:
        """Close the connection."""
        if self._stream is not None:
            await self._stream.close()
        if self._datagrams is not None:
            await self._datagrams.close()


def _format(properties: SyslogProperties) -> SyslogFormat:
    if not 0 <= properties.syslog_severity_preset < _SEVERITIES:
        raise ConfigurationError("syslog_severity_preset: has to be from 0 to 7")
    if not 0 <= properties.syslog_facility_preset < len(FACILITIES):
        raise ConfigurationError("syslog_facility_preset: has to be from 0 to 23")
    host = properties.syslog_hostname_preset
    return SyslogFormat(
        properties.syslog_format == "rfc5424",
        (_field(properties.syslog_severity_key), properties.syslog_severity_preset),
        (_field(properties.syslog_facility_key), properties.syslog_facility_preset),
        Part(
            _field(properties.syslog_hostname_key),
            socket.gethostname() if host is None else host,
            _HOST,
        ),
        Part(_field(properties.syslog_appname_key), properties.syslog_appname_preset, _APP),
        Part(_field(properties.syslog_procid_key), properties.syslog_procid_preset, _PROCESS),
        Part(_field(properties.syslog_msgid_key), properties.syslog_msgid_preset, _MESSAGE),
        tuple(parse_accessor(key) for key in properties.syslog_sd_key),
        _field(properties.syslog_message_key),
        min(properties.syslog_maxsize or SIZES[properties.mode], LONGEST),
    )


def _field(key: str | None) -> Accessor | None:
    return None if key is None else parse_accessor(key)


SYSLOG = Declaration(
    name="syslog",
    summary="Sends messages to a syslog server.",
    properties=SyslogProperties,
    accepted={**STREAM_ACCEPTED, "allow_longer_sd_id": "an id has 32 characters, as the RFC says"},
    refused=STREAM_REFUSED,
    build=SyslogOutput,
)
