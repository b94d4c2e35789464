"""The input `syslog`: messages of RFC 3164 and RFC 5424 over UDP, TCP, TLS and unix sockets.

Source: fluent-bit's manual, "Syslog" (input); RFC 5424, RFC 3164, RFC 6587.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.settings import Kind, optional, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, PATH, PORT, SIZE, TEXT, choice
from pillion_log_agent.inputs.datagram_server import DatagramServer
from pillion_log_agent.inputs.framing import Framer
from pillion_log_agent.inputs.listening import ListeningInput
from pillion_log_agent.inputs.outstanding import Outstanding
from pillion_log_agent.inputs.stream_server import StreamServer
from pillion_log_agent.network.listener import Listener
from pillion_log_agent.network.tls import TlsProperties, make_server_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext
    from pillion_log_agent.parsers.parsed import Parser
    from pillion_log_agent.records.columns import Record

LEAST_MESSAGE = 64 * 1024
_IS_5424 = re.compile(r"<\d{1,3}>1 ", re.ASCII)
_OLD = ("syslog-rfc3164", "syslog-rfc3164-local")


def _permissions(text: str) -> int:
    if not re.fullmatch(r"0?[0-7]{3}", text):
        raise ValueError("are no permissions; write them like 0644")
    return int(text, 8)


PERMISSIONS: Kind[int] = Kind("OCTAL", _permissions, lambda mode: f"{mode:04o}")


@dataclass(frozen=True, slots=True)
class SyslogInputProperties(TlsProperties):
    """The properties of `syslog`, beside those of TLS."""

    mode: str = setting(
        "mode", choice("unix_udp", "unix_tcp", "tcp", "udp"), "How it comes.", default="unix_udp"
    )
    listen: str = setting("listen", TEXT, "The address to listen on.", default="0.0.0.0")  # noqa: S104  # as fluent-bit
    host: str | None = optional("host", TEXT, "The same as listen, and comes before it.")
    port: int = setting("port", PORT, "The port.", default=5140)
    path: str | None = optional("path", PATH, "The unix socket.")
    unix_perm: int = setting("unix_perm", PERMISSIONS, "Its permissions.", default=0o644)
    tls_verify_client_cert: bool = setting(
        "tls.verify_client_cert", FLAG, "Whether clients show a certificate.", default=False
    )
    parser: str | None = optional(
        "parser", TEXT, "The parser; each message says its format if not given."
    )
    buffer_max_size: int = setting(
        "buffer_max_size", SIZE, "The longest message; 64 KiB at least.", default=LEAST_MESSAGE
    )
    receive_buffer_size: int = setting(
        "receive_buffer_size", SIZE, "What the kernel keeps of datagrams.", default=0
    )
    raw_message_key: str | None = optional(
        "raw_message_key", TEXT, "The field that the whole message goes into."
    )
    source_address_key: str | None = optional(
        "source_address_key", TEXT, "The field of the sender's address."
    )


def reader(
    parsers: Callable[[str], tuple[Parser, ...]], raw_key: str | None, wall_ns: Callable[[], int]
) -> Callable[[list[bytes]], tuple[list[Record], list[int]]]:
    """Return what makes records of messages; one that no parser fits is text.

    Args:
        parsers: those to try for a message.
        raw_key: the field that the whole message goes into.
        wall_ns: for the time of a message that says none.
    """

    def read(messages: list[bytes]) -> tuple[list[Record], list[int]]:
        now = wall_ns()
        records: list[Record] = []
        times: list[int] = []
        for message in messages:
            text = message.decode("utf-8", "replace").rstrip("\r\n\0")
            if not text:
                continue
            first, line_break, rest = text.partition("\n")
            found = (parser.parse(first, now) for parser in parsers(first))
            parsed = next((each for each in found if each is not None), None)
            record: Record = {"log": text} if parsed is None else dict(parsed.fields)
            if parsed is not None and line_break:
                record["message"] = f"{record.get('message', '')}\n{rest}"
            if raw_key is not None:
                record[raw_key] = text
            records.append(record)
            times.append(now if parsed is None or parsed.time is None else parsed.time)
        return records, times

    return read


def _parsers(named: str | None, context: InputContext) -> Callable[[str], tuple[Parser, ...]]:
    if named is not None:
        one = (context.parser(named),)
        return lambda _text: one
    new = (context.parser("syslog-rfc5424"),)
    old = tuple(context.parser(name) for name in _OLD)
    return lambda text: new if _IS_5424.match(text) else old


def _build(
    properties: SyslogInputProperties, shared: InputProperties, context: InputContext
) -> ListeningInput:
    outstanding = Outstanding(context)
    return ListeningInput(
        _server(properties, context, outstanding),
        outstanding,
        reader(_parsers(properties.parser, context), properties.raw_message_key, context.wall_ns),
        shared.tag or context.name,
        context,
        address_key=properties.source_address_key,
    )


def _server(
    properties: SyslogInputProperties, context: InputContext, outstanding: Outstanding
) -> StreamServer | DatagramServer:
    path, mode = properties.path, properties.mode
    if mode.startswith("unix") and path is None:
        raise ConfigurationError(f"path: is missing; mode {mode} has the path of a socket")
    if properties.tls and mode != "tcp":
        raise ConfigurationError("tls: goes with mode tcp only")
    if mode.endswith("udp"):
        place = (
            path
            if mode == "unix_udp" and path
            else ((properties.host or properties.listen), properties.port)
        )
        return DatagramServer(
            place,
            context,
            outstanding,
            mode=properties.unix_perm,
            buffer=properties.receive_buffer_size,
        )
    sockets = context.handover.sockets
    if mode == "unix_tcp" and path:
        listener = Listener.unix(path, properties.unix_perm, sockets)
    else:
        listener = Listener.tcp(
            (properties.host or properties.listen), properties.port, sockets, context.name
        )
    context.claim(f"listen: {listener.address}")
    longest = max(properties.buffer_max_size, LEAST_MESSAGE)
    return StreamServer(
        listener,
        context,
        outstanding,
        framer=lambda: Framer(b"\n", longest, counts=True),
        tls=make_server_context(properties, verifies_clients=properties.tls_verify_client_cert),
    )


SYSLOG_INPUT = Declaration(
    name="syslog",
    summary="Takes messages of syslog.",
    properties=SyslogInputProperties,
    accepted={"buffer_chunk_size": "what is read at a time follows what comes"},
    build=_build,
)
