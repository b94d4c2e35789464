"""The input `tcp`: JSON, or lines, over connections.

Source: fluent-bit's manual, "TCP" (input).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pillion.settings import Kind, optional, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, NUMBER, PORT, TEXT, choice
from pillion_log_agent.inputs.framing import Framer
from pillion_log_agent.inputs.json_stream import read_stream
from pillion_log_agent.inputs.listening import ListeningInput
from pillion_log_agent.inputs.outstanding import Outstanding
from pillion_log_agent.inputs.stream_server import StreamServer
from pillion_log_agent.network.listener import Listener
from pillion_log_agent.network.tls import TlsProperties, make_server_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext
    from pillion_log_agent.records.columns import Record

LEAST_LINE = 64 * 1024
_KIB = 1024
_ESCAPES = {"\\n": "\n", "\\r": "\r", "\\t": "\t", "\\0": "\0"}


def _separator(text: str) -> bytes:
    for written, meant in _ESCAPES.items():
        text = text.replace(written, meant)
    if not text:
        raise ValueError("is empty")
    return text.encode()


SEPARATOR: Kind[bytes] = Kind("TEXT", _separator, lambda data: repr(data.decode())[1:-1])


@dataclass(frozen=True, slots=True)
class TcpInputProperties(TlsProperties):
    """The properties of `tcp`, beside those of TLS."""

    listen: str = setting("listen", TEXT, "The address to listen on.", default="0.0.0.0")  # noqa: S104  # as fluent-bit
    host: str | None = optional("host", TEXT, "The same as listen, and comes before it.")
    port: int = setting("port", PORT, "The port.", default=5170)
    tls_verify_client_cert: bool = setting(
        "tls.verify_client_cert", FLAG, "Whether clients show a certificate.", default=False
    )
    format: str = setting(
        "format",
        choice("json", "none"),
        "json: an object a line, where another line is text; none: lines of text.",
        default="json",
    )
    separator: bytes = setting("separator", SEPARATOR, "What ends a message.", default=b"\n")
    chunk_size: int = setting("chunk_size", NUMBER, "KiB at a time.", default=32)
    buffer_size: int = setting(
        "buffer_size", NUMBER, "The longest message, in KiB; 64 at least.", default=64
    )
    source_address_key: str | None = optional(
        "source_address_key", TEXT, "The field of the client's address."
    )


def reader(
    form: str, wall_ns: Callable[[], int]
) -> Callable[[list[bytes]], tuple[list[Record], list[int]]]:
    """Return what makes records and their times of messages."""
    return partial(_json if form == "json" else _lines, wall_ns=wall_ns)


def _lines(messages: list[bytes], *, wall_ns: Callable[[], int]) -> tuple[list[Record], list[int]]:
    now = wall_ns()
    texts = [message.rstrip(b"\r\n").decode("utf-8", "replace") for message in messages]
    records: list[Record] = [{"log": text} for text in texts if text]
    return records, [now] * len(records)


def _json(messages: list[bytes], *, wall_ns: Callable[[], int]) -> tuple[list[Record], list[int]]:
    text = b"\n".join(messages).decode("latin-1")
    stream = read_stream(text, "log", wall_ns(), is_last=True)
    return stream.records, stream.times


def _build(
    properties: TcpInputProperties, shared: InputProperties, context: InputContext
) -> ListeningInput:
    listener = Listener.tcp(
        (properties.host or properties.listen),
        properties.port,
        context.handover.sockets,
        context.name,
    )
    context.claim(f"listen: {listener.address}")
    outstanding = Outstanding(context)
    longest = max(properties.buffer_size * _KIB, LEAST_LINE)
    server = StreamServer(
        listener,
        context,
        outstanding,
        framer=lambda: Framer(properties.separator, longest),
        tls=make_server_context(properties, verifies_clients=properties.tls_verify_client_cert),
    )
    return ListeningInput(
        server,
        outstanding,
        reader(properties.format, context.wall_ns),
        shared.tag or context.name,
        context,
        address_key=properties.source_address_key,
    )


TCP_INPUT = Declaration(
    name="tcp",
    summary="Takes JSON or lines over TCP connections.",
    properties=TcpInputProperties,
    build=_build,
)
