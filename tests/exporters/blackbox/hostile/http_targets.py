"""Servers of HTTP/1.1 that never stop, never begin, or answer with a bomb."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from typing import TYPE_CHECKING

import brotli

from tests.exporters.blackbox.hostile.behaviour import Behaviour, flood
from tests.servers.wire import response, serving

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from tests.exporters.blackbox.hostile.behaviour import Start
    from tests.servers.wire import Serve, Visit

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ZEROS = bytes(10_000_000)


def _deflate_bomb() -> bytes:
    """Return 4 GB of zeros as one stream: a block that is repeated behind a full flush."""
    made = zlib.compressobj(9, wbits=-15)  # without a header, as Go reads it
    start = made.compress(ZEROS) + made.flush(zlib.Z_FULL_FLUSH)
    block = made.compress(ZEROS) + made.flush(zlib.Z_FULL_FLUSH)
    return start + block * 400


def _brotli_bomb() -> bytes:
    """Return 200 MB of zeros."""
    made = brotli.Compressor(quality=5)
    return b"".join([made.process(ZEROS) for _ in range(20)]) + bytes(made.finish())


def plain(serve: Serve) -> Start:
    def start(folder: Path) -> AbstractAsyncContextManager[int]:
        return serving(serve)

    return start


def sending(*, first: bytes = b"", then: bytes = b"", pause: float = 0.0) -> Serve:
    """Send bytes once, and others again and again, until the client has had enough."""

    async def serve(visit: Visit) -> None:
        await visit.read_request()
        await visit.write(first)
        await flood(visit, then, pause)

    return serve


def dripping(data: bytes) -> Serve:
    async def serve(visit: Visit) -> None:
        await visit.read_request()
        for at in range(len(data)):
            await visit.write(data[at : at + 1])
            await asyncio.sleep(1)

    return serve


async def mute(visit: Visit) -> None:
    await visit.wait_for_end()


async def deaf(visit: Visit) -> None:
    """Read nothing, as the request's body is larger than the kernel keeps."""
    await asyncio.sleep(3)


def redirecting(location: str, *headers: str) -> Serve:
    async def serve(visit: Visit) -> None:
        for number in range(1000):
            await visit.read_request()
            target = location.replace("N", str(number))
            await visit.write(response(b"", "302 Found", f"Location: {target}", *headers))

    return serve


COOKIES = tuple(f"Set-Cookie: c{number}={'v' * 100}" for number in range(1000))

_HTTP = (
    # what it does, how, why the probe fails, and in which phase
    ("says nothing", mute, ("timeout",), "processing", ""),
    ("drips its head", dripping(OK * 10), ("timeout",), "processing", ""),
    ("drips its content", dripping(OK + b"\r\n" + b"x" * 99), ("timeout",), "", ""),
    (
        "sends headers without end",
        sending(first=OK, then=b"X-More: " + b"x" * 8000 + b"\r\n"),
        ("too_large",),
        "processing",
        "",
    ),
    (
        "sends small headers without end",
        sending(first=OK, then=b"a: b\r\n" * 1000),
        ("protocol",),
        "processing",
        "",
    ),
    (
        "sends one header without end",
        sending(first=OK + b"X-More: ", then=b"x" * 65_536),
        ("too_large",),
        "processing",
        "",
    ),
    (
        "sends one reason phrase without end",
        sending(first=b"HTTP/1.1 200 ", then=b"x" * 65_536),
        ("too_large",),
        "processing",
        "",
    ),
    (
        "sends a folded header without end",
        sending(first=OK + b"X: y\r\n", then=b" y\r\n" * 5000),
        ("protocol",),
        "processing",
        "",
    ),
    (
        "sends 103 without end",
        sending(then=b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 500),
        ("too_large",),
        "processing",
        "",
    ),
    (
        "sends 100 without end",
        sending(then=b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
        ("too_large",),
        "processing",
        "",
    ),
    (
        "sends content without end",
        sending(first=OK + b"\r\n", then=b"x" * 65_536),
        ("timeout",),
        "transfer",
        "fail_if_body_not_matches_regexp: [zzz]",
    ),
    (
        "promises an exabyte",
        sending(first=OK + b"Content-Length: 1152921504606846976\r\n\r\n", then=b"x" * 65_536),
        ("timeout",),
        "transfer",
        "",
    ),
    (
        "promises more than there are numbers",
        sending(first=OK + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n"),
        ("protocol",),
        "processing",
        "",
    ),
    (
        "sends chunks of one byte without end",
        sending(first=CHUNKED, then=b"1\r\nx\r\n" * 5000),
        ("timeout",),
        "transfer",
        "",
    ),
    (
        "sends a chunk extension without end",
        sending(first=CHUNKED + b"1;", then=b"x" * 65_536),
        ("too_large",),
        "transfer",
        "",
    ),
    (
        "sends a trailer without end",
        sending(first=CHUNKED + b"1\r\nx\r\n0\r\nX-More: ", then=b"x" * 65_536),
        ("too_large",),
        "transfer",
        "",
    ),
    (
        "sends trailers without end",
        sending(first=CHUNKED + b"1\r\nx\r\n0\r\n", then=b"X: y\r\n" * 5000),
        ("too_large",),
        "transfer",
        "",
    ),
    (
        "answers a second time without end",
        sending(first=response(b"ok"), then=response(b"ok") * 100),
        ("",),
        "",
        "",
    ),
    (
        "switches to another protocol without end",
        sending(
            first=b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            then=b"x" * 65_536,
        ),
        ("status",),
        "",
        "",
    ),
    ("redirects in a circle", redirecting("/"), ("redirect",), "", ""),
    ("redirects to long places", redirecting("/N" + "x" * 300_000), ("redirect",), "", ""),
    ("redirects with 1,000 cookies", redirecting("/N", *COOKIES), ("redirect",), "", ""),
    (
        "redirects to a place longer than a head",
        redirecting("/N" + "x" * 2_000_000),
        ("too_large",),
        "",
        "",
    ),
    ("redirects to another protocol", redirecting("gopher://localhost/"), ("redirect",), "", ""),
    ("reads nothing", deaf, ("timeout",), "", "method: POST, body_file: BODY"),
)


def behaviours() -> list[Behaviour]:
    """Return all of this file."""
    found = [
        Behaviour(
            f"http: {name}",
            f"prober: http, http: {{{settings}}}",
            "http://127.0.0.1:PORT/",
            plain(serve),
            reasons,
            phase,
        )
        for name, serve, reasons, phase, settings in _HTTP
    ]
    bombs = {"gzip": gzip.compress(ZEROS) * 1000, "deflate": _deflate_bomb(), "br": _brotli_bomb()}
    for coding, bomb in bombs.items():
        serve = sending(first=OK + f"Content-Encoding: {coding}\r\n\r\n".encode() + bomb)
        for limit, reasons in (("", ("timeout",)), (", body_size_limit: 8MB", ("body_size",))):
            module = f"prober: http, http: {{compression: {coding}, fail_if_body_not_matches_regexp: [z]{limit}}}"
            name = f"http: sends a bomb of {coding}{' to a limit' if limit else ''}"
            found.append(Behaviour(name, module, "http://127.0.0.1:PORT/", plain(serve), reasons))
    return found
