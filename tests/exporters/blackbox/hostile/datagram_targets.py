"""Targets over UDP: name servers and servers of HTTP/3."""

from __future__ import annotations

import asyncio
import struct
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from tests.exporters.blackbox.hostile.behaviour import Behaviour
from tests.servers.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.exporters.blackbox.hostile.behaviour import Start
    from tests.servers.http3 import Asked

    Reply = Callable[[bytes], list[bytes]]

ROUNDS = 500
DNS = "prober: dns, dns: {query_name: example.com}"
HTTP3 = "prober: http, http: {enable_http3: true, enable_http2: false, tls_config: {insecure_skip_verify: true}}"


class _Flooding(asyncio.DatagramProtocol):
    """Sends datagrams for each one that came, again and again."""

    def __init__(self, reply: Reply, pause: float) -> None:
        self._reply = reply
        self._pause = pause
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._go_on(data, addr))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _go_on(self, data: bytes, addr: tuple[str, int]) -> None:
        for _ in range(ROUNDS):  # nobody says when the client has gone
            for datagram in self._reply(data):
                self._transport.sendto(datagram, addr)
            await asyncio.sleep(self._pause)


def flooding(reply: Reply, pause: float = 0.002) -> Start:
    @asynccontextmanager
    async def start(folder: Path) -> AsyncIterator[int]:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Flooding(reply, pause), local_addr=("127.0.0.1", 0)
        )
        try:
            yield transport.get_extra_info("sockname")[1]
        finally:
            transport.close()

    return start


def answer(query: bytes, records: bytes, count: int = 1) -> bytes:
    return query[:2] + struct.pack("!5H", 0x8180, 1, count, 0, 0) + query[12:] + records


RECORD = struct.pack("!HHIH", 1, 1, 60, 4) + b"\x7f\0\0\1"
_NAMES = b"".join(bytes((0xC0, 12 + 2 * at)) for at in range(100))  # each points at the one before

_DNS: tuple[tuple[str, Reply, tuple[str, ...]], ...] = (
    ("says nothing", lambda _: [], ("timeout",)),
    ("answers other queries without end", lambda query: [bytes((query[0] ^ 1,)) + answer(query, b"")[1:]] * 20, ("timeout",)),
    ("echoes without end", lambda query: [query] * 20, ("timeout",)),
    ("sends empty datagrams without end", lambda _: [b""] * 20, ("timeout",)),
    ("sends noise without end", lambda _: [bytes(range(200))] * 20, ("timeout",)),
    ("sends datagrams of 60,000 bytes", lambda query: [answer(query, bytes(60_000))] * 2, ("protocol",)),
    ("points at itself", lambda query: [answer(query, b"\xc0\x1d" + RECORD)], ("protocol",)),
    ("points at pointers", lambda query: [answer(query, _NAMES + RECORD)], ("protocol",)),
    ("claims 65,535 records", lambda query: [answer(query, b"\xc0\x0c" + RECORD, 65_535)], ("",)),
    ("lies about the length of its data", lambda query: [answer(query, b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 65_535) + b"x")], ("protocol",)),
)  # fmt: skip


def _endless_body(asked: Asked) -> None:
    asked.head(content_type="text/plain")

    async def go_on() -> None:
        while True:
            asked.data(b"x" * 4096)
            asked.protocol.transmit()
            await asyncio.sleep(0.002)

    asked.protocol.going = asyncio.create_task(go_on())  # type: ignore[attr-defined]


def _many_headers(asked: Asked) -> None:
    headers: Any = {f"x_{number}": "y" * 100 for number in range(20_000)}
    asked.head(**headers)


def speaking(reply: Callable[[Asked], None]) -> Start:
    @asynccontextmanager
    async def start(folder: Path) -> AsyncIterator[int]:
        from tests.servers.http3 import serving_http3  # needs aioquic  # noqa: PLC0415

        pair = Authority(folder).issue("localhost")
        async with serving_http3(pair, reply) as port:
            yield port

    return start


def version_negotiation(initial: bytes) -> list[bytes]:
    """Offer versions that nobody speaks, for each connection id (RFC 9000, 17.2.1)."""
    length = initial[5]
    destination = initial[6 : 6 + length]
    source = initial[7 + length : 7 + length + initial[6 + length]]
    header = b"\x80\0\0\0\0" + bytes((len(source),)) + source + bytes((length,)) + destination
    return [header + b"\x0a\x1a\x2a\x3a" * 50] * 5


def behaviours() -> list[Behaviour]:
    """Return all of this file; those of HTTP/3 where the extra is installed."""
    found = [
        Behaviour(f"dns: {name}", DNS, "127.0.0.1:PORT", flooding(reply), reasons)
        for name, reply, reasons in _DNS
    ]
    if find_spec("aioquic") is None:
        return found
    starts: tuple[tuple[str, Start, tuple[str, ...]], ...] = (
        ("says nothing", flooding(lambda _: []), ("timeout",)),
        ("sends noise without end", flooding(lambda _: [b"\xc0" + bytes(range(200))] * 5), ("timeout",)),
        ("echoes without end", flooding(lambda initial: [initial] * 5), ("timeout",)),
        ("offers other versions without end", flooding(version_negotiation), ("protocol",)),
        ("never answers", speaking(lambda _: None), ("timeout",)),
        ("sends content without end", speaking(_endless_body), ("timeout",)),
        ("sends 20,000 headers", speaking(_many_headers), ("timeout",)),
    )  # fmt: skip
    return found + [
        Behaviour(f"http3: {name}", HTTP3, "https://127.0.0.1:PORT/", start, reasons)
        for name, start, reasons in starts
    ]
