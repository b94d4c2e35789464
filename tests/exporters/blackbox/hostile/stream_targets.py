"""Servers of other protocols over TCP: banners, websockets, and DNS."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from pillion_blackbox_exporter.probers.websocket.handshake import accept_of
from tests.exporters.blackbox.hostile.behaviour import Behaviour, flood
from tests.servers.wire import serving

if TYPE_CHECKING:
    from tests.exporters.blackbox.hostile.behaviour import Start
    from tests.servers.wire import Visit

BANNER = "prober: tcp, tcp: {query_response: [{expect: ^never$}]}"
STARTTLS = "prober: tcp, tcp: {query_response: [{expect: ^never$}, {starttls: true}]}"
WEBSOCKET = "prober: websocket, websocket: {query_response: [{expect: never}]}"
DNS_TCP = "prober: dns, dns: {query_name: example.com, transport_protocol: tcp}"


def banner(data: bytes, pause: float = 0.0) -> Start:
    async def serve(visit: Visit) -> None:
        await flood(visit, data, pause)

    return lambda _: serving(serve)


def websocket(first: bytes, then: bytes = b"", pause: float = 0.0) -> Start:
    async def serve(visit: Visit) -> None:
        key = re.search(r"Sec-WebSocket-Key: (.*)\r\n", await visit.read_request())
        assert key is not None
        await visit.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept_of(key[1]).encode() + b"\r\n\r\n" + first
        )
        await flood(visit, then, pause)

    return lambda _: serving(serve)


def dns_tcp(first: bytes, then: bytes = b"", pause: float = 0.0) -> Start:
    """Answer with bytes in which `ID` stands for the query's."""

    async def serve(visit: Visit) -> None:
        query = await visit._reader.read(512)
        await visit.write(first.replace(b"ID", query[2:4]))
        await flood(visit, then.replace(b"ID", query[2:4]), pause)

    return lambda _: serving(serve)


def message(records: bytes, count: int) -> bytes:
    question = b"\7example\3com\0" + struct.pack("!HH", 255, 1)
    data = b"ID" + struct.pack("!5H", 0x8180, 1, count, 0, 0) + question + records
    return struct.pack("!H", len(data)) + data


RECORD = struct.pack("!HHIH", 1, 1, 60, 4) + b"\x7f\0\0\1"
LOOP = b"\xc0\x1d" + RECORD
PING, FRAGMENT = b"\x89\x7d" + b"x" * 125, b"\x00\x7e\x10\x00" + b"x" * 4096

_ROWS = (
    ("tcp: sends a line without end", BANNER, banner(b"x" * 65_536), ("protocol",)),
    ("tcp: sends lines without end", BANNER, banner(b"banner\r\n" * 4000), ("timeout",)),
    ("tcp: sends empty lines without end", BANNER, banner(b"\n" * 65_536), ("timeout",)),
    ("tcp: drips", BANNER, banner(b"x", 1), ("timeout",)),
    ("tcp: never comes to STARTTLS", STARTTLS, banner(b"250-more\r\n" * 4000), ("timeout",)),
    ("websocket: sends messages without end", WEBSOCKET, websocket(b"", b"\x81\x05hello" * 4000), ("regex",)),
    ("websocket: sends empty messages without end", WEBSOCKET, websocket(b"", b"\x81\x00" * 9000), ("regex",)),
    ("websocket: sends fragments without end", WEBSOCKET, websocket(b"\x01\x00", FRAGMENT * 8), ("protocol",)),
    ("websocket: sends empty fragments without end", WEBSOCKET, websocket(b"\x01\x00", b"\x00\x00" * 9000), ("protocol",)),
    ("websocket: sends pings without end", WEBSOCKET, websocket(b"", PING * 200), ("protocol",)),
    ("websocket: promises an exabyte", WEBSOCKET, websocket(b"\x82\x7f\x10" + bytes(7), b"x" * 65_536), ("protocol",)),
    ("websocket: drips a frame", WEBSOCKET, websocket(b"\x81\x7d", b"x", 1), ("timeout",)),
    ("dns: drips over TCP", DNS_TCP, dns_tcp(b"\xff\xff", b"\0", 1), ("timeout",)),
    ("dns: promises 64 KiB over TCP and ends", DNS_TCP, dns_tcp(b"\xff\xffID\x81\x80"), ("timeout",)),
    ("dns: sends messages without end over TCP", DNS_TCP, dns_tcp(b"", message(b"", 0)), ("",)),
    ("dns: sends messages of another id over TCP", DNS_TCP, dns_tcp(b"", b"\0\x0c" + bytes(12)), ("protocol",)),
    ("dns: sends empty messages over TCP", DNS_TCP, dns_tcp(b"", b"\0\0" * 1000), ("protocol",)),
    ("dns: points in a circle", DNS_TCP, dns_tcp(message(LOOP * 4000, 4000)), ("protocol",)),
    ("dns: claims 65,535 records", DNS_TCP, dns_tcp(message(b"\xc0\x0c" + RECORD, 65_535)), ("",)),
)  # fmt: skip
TARGETS = {"tcp": "127.0.0.1:PORT", "websocket": "ws://127.0.0.1:PORT/", "dns": "127.0.0.1:PORT"}


def behaviours() -> list[Behaviour]:
    """Return all of this file."""
    return [
        Behaviour(name, module, TARGETS[name.partition(":")[0]], start, reasons)
        for name, module, start, reasons in _ROWS
    ]
