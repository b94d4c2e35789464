"""Servers that flood a client of HTTP/2, for the http prober and for grpc."""

from __future__ import annotations

import ssl
import struct
from typing import TYPE_CHECKING

from tests.exporters.blackbox.hostile.behaviour import Behaviour, flood
from tests.servers.certificates import Authority
from tests.servers.wire import serving

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from tests.exporters.blackbox.hostile.behaviour import Start
    from tests.servers.wire import Serve, Visit

HTTP = "prober: http, http: {tls_config: {insecure_skip_verify: true}}"
GRPC = "prober: grpc, grpc: {}"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    length = struct.pack("!I", len(payload))[1:]
    return length + bytes((kind, flags)) + struct.pack("!I", stream) + payload


SETTINGS = frame(4, 0, 0)
RESPONSE = frame(1, 4, 1, b"\x88")  # :status 200, by HPACK's static table
GRPC_RESPONSE = frame(1, 4, 1, b"\x88\x0f\x10\x10application/grpc")  # content-type
HEADER = b"\x00\x01a\x7f\x80\x10" + b"b" * 2175


def flooding(first: bytes, then: bytes = b"", pause: float = 0.0) -> Serve:
    async def serve(visit: Visit) -> None:
        await visit._reader.readexactly(24)  # the preface
        await visit.write(SETTINGS + first)
        await flood(visit, then, pause)

    return serve


_FLOODS = (
    ("says nothing", b"", b"", 0.0, ("timeout",)),
    ("drips", GRPC_RESPONSE + frame(0, 0, 1, b"x" * 99)[:9], b"x", 1.0, ("timeout",)),
    ("floods with PING", b"", frame(6, 0, 0, b"x" * 8) * 100, 0.0, ("protocol", "reset")),
    ("floods with SETTINGS", b"", SETTINGS * 100, 0.0, ("protocol", "reset")),
    ("floods with RST_STREAM", b"", frame(3, 0, 1, bytes(4)) * 100, 0.0, ("protocol", "reset")),
    ("floods with CONTINUATION", frame(1, 0, 1, b"\x88"), frame(9, 0, 1, HEADER) * 10, 0.0, ("protocol",)),
    ("floods with empty CONTINUATION", frame(1, 0, 1, b"\x88"), frame(9, 0, 1) * 100, 0.0, ("protocol",)),
    ("floods with WINDOW_UPDATE", b"", frame(8, 0, 0, struct.pack("!I", 1)) * 100, 0.0, ("protocol",)),
    ("floods with PRIORITY", b"", frame(2, 0, 1, struct.pack("!IB", 0, 1)) * 100, 0.0, ("protocol",)),
    ("floods with PUSH_PROMISE", b"", frame(5, 4, 1, struct.pack("!I", 2) + b"\x82") * 100, 0.0, ("protocol", "reset")),
    ("floods with 103", b"", frame(1, 4, 1, b"\x08\x03103") * 100, 0.0, ("protocol",)),
    ("floods with empty DATA", RESPONSE, frame(0, 0, 1) * 100, 0.0, ("protocol",)),
    ("floods with unknown frames", b"", frame(0xFA, 0, 0, b"x" * 100) * 100, 0.0, ("protocol",)),
    ("inflates a header", frame(1, 4, 1, b"\x88\x40\x01a\x7f\xa1\x1e" + b"b" * 4000 + b"\xbe" * 8000), b"", 0.0, ("protocol",)),
    ("says goodbye without end", b"", frame(7, 0, 0, struct.pack("!II", 0, 0)) * 100, 0.0, ("protocol", "closed", "reset")),
    ("promises a frame of 16 MB", struct.pack("!I", 0xFFFFFF)[1:] + b"\0\0\0\0\0\1", b"x" * 65_536, 0.0, ("protocol",)),
)  # fmt: skip


def over_tls(serve: Serve) -> Start:
    def start(folder: Path) -> AbstractAsyncContextManager[int]:
        pair = Authority(folder).issue("localhost")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        context.set_alpn_protocols(["h2"])
        return serving(serve, tls=context)

    return start


def in_clear(serve: Serve) -> Start:
    return lambda _: serving(serve)


def behaviours() -> list[Behaviour]:
    """Return all of this file."""
    found = []
    for name, first, then, pause, reasons in _FLOODS:
        serve = flooding(first, then, pause)
        found.append(
            Behaviour(f"h2: {name}", HTTP, "https://127.0.0.1:PORT/", over_tls(serve), reasons)
        )
        found.append(Behaviour(f"grpc: {name}", GRPC, "127.0.0.1:PORT", in_clear(serve), reasons))
    return found
