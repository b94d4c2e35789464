"""Servers that stall, lie or never stop in the middle of TLS."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tests.exporters.blackbox.hostile.behaviour import Behaviour, flood
from tests.servers.certificates import Authority
from tests.servers.wire import response, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from tests.exporters.blackbox.hostile.behaviour import Start
    from tests.servers.wire import Visit

TLS_ONLY = "prober: tcp, tcp: {tls: true, tls_config: {insecure_skip_verify: true}}"
HTTPS = "prober: http, http: {enable_http2: false, tls_config: {insecure_skip_verify: true}}"


def record(kind: int, payload: bytes) -> bytes:
    return bytes((kind, 3, 3)) + len(payload).to_bytes(2, "big") + payload


def handshake(kind: int, length: int, payload: bytes) -> bytes:
    return bytes((kind,)) + length.to_bytes(3, "big") + payload


def raw(first: bytes, then: bytes = b"", pause: float = 0.0) -> Start:
    """Answer the ClientHello with bytes, and go on with others."""

    async def serve(visit: Visit) -> None:
        await visit._reader.read(1)
        await visit.write(first)
        await flood(visit, then, pause)

    return lambda _: serving(serve)


def speaking(prepare: Callable[[ssl.SSLContext], None], names: int = 1, copies: int = 0) -> Start:
    """Speak TLS as OpenSSL does, with what a test has set, and answer one request."""

    async def serve(visit: Visit) -> None:
        await visit.read_request()
        await visit.write(response(b"ok"))

    def start(folder: Path) -> AbstractAsyncContextManager[int]:
        all_names = [f"a-rather-long-name-{number}.example" for number in range(names)]
        pair = Authority(folder).issue(
            *all_names, until=datetime(2049, 1, 1, tzinfo=UTC), file="tls"
        )
        if copies:
            path = Path(pair.certificate)
            path.write_bytes(path.read_bytes() + (folder / "ca.pem").read_bytes() * copies)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        prepare(context)
        return serving(serve, tls=context)

    return start


def commanded(command: bytes, *flags: str) -> Start:
    """Have openssl's own server do what a letter on its standard input says, without end."""

    @asynccontextmanager
    async def start(folder: Path) -> AsyncIterator[int]:
        pair = Authority(folder).issue("localhost")
        process = await asyncio.create_subprocess_exec(
            "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", pair.certificate,
            "-key", pair.key, *flags,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        port = 0
        while not port:
            line = await process.stdout.readline()
            if line.startswith(b"ACCEPT"):
                port = int(line.rpartition(b":")[2])

        async def go_on() -> None:
            assert process.stdin is not None
            assert process.stdout is not None
            while not (await process.stdout.readline()).startswith(b"CIPHER is"):
                pass  # the handshake goes on
            while True:
                process.stdin.write(command)
                await process.stdin.drain()
                await asyncio.sleep(0.002)

        going = asyncio.create_task(go_on())
        try:
            yield port
        finally:
            going.cancel()
            with suppress(ProcessLookupError):  # it may have ended at what a probe sent
                process.kill()
            await process.wait()
            await asyncio.gather(going, return_exceptions=True)

    return start


def _tickets(context: ssl.SSLContext) -> None:
    context.num_tickets = 2_000


def _as_it_is(context: ssl.SSLContext) -> None:
    del context


_RAW = (
    ("says nothing", raw(b""), ("timeout",)),
    ("stalls within the ServerHello", raw(record(22, handshake(2, 80, b"\3\3" + bytes(60)))[:40]), ("timeout",)),
    ("drips a record", raw(b"\x16\3\3\x40\0", b"\2", 1), ("timeout",)),
    ("sends warnings without end", raw(b"", record(21, b"\1\x5a") * 100), ("tls_handshake",)),
    ("sends ChangeCipherSpec without end", raw(b"", record(20, b"\1") * 100), ("tls_handshake",)),
    ("sends empty records without end", raw(b"", record(22, b"") * 100), ("tls_handshake",)),
    ("sends a handshake message of 16 MB", raw(record(22, handshake(2, 0xFFFFFF, b"x" * 16_000)), record(22, b"x" * 16_000)), ("tls_handshake",)),
    ("sends a record of 64 KiB", raw(b"\x16\3\3\xff\xff" + b"x" * 65_535, b"x" * 65_536), ("tls_handshake",)),
    ("answers with HTTP", raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), ("tls_handshake",)),
    ("answers with noise", raw(bytes(range(256)) * 10, bytes(range(255, 0, -1))), ("tls_handshake",)),
    ("sends HelloRequests without end", raw(b"", record(22, handshake(0, 0, b"")) * 100), ("timeout",)),
)  # fmt: skip


def behaviours() -> list[Behaviour]:
    """Return all of this file."""
    found = [
        Behaviour(f"tls: {name}", TLS_ONLY, "127.0.0.1:PORT", start, reasons, "tls")
        for name, start, reasons in _RAW
    ]
    https = "https://127.0.0.1:PORT/"
    waiting = TLS_ONLY[:-1] + ", query_response: [{expect: never}]}"
    found += [
        Behaviour("https: shows a certificate of 10,000 names", HTTPS, https, speaking(_as_it_is, names=10_000), ("tls_handshake",), "tls"),
        Behaviour("https: shows a chain of 1,000 certificates", HTTPS, https, speaking(_as_it_is, copies=1000), ("tls_handshake",), "tls"),
        Behaviour("https: shows a chain of 100 certificates", HTTPS, https, speaking(_as_it_is, copies=100), ("",)),
        Behaviour("https: sends 2,000 session tickets", HTTPS, https, speaking(_tickets), ("",)),
        Behaviour("tls: renegotiates without end", waiting, "127.0.0.1:PORT", commanded(b"R\n", "-tls1_2"), ("timeout",)),
        Behaviour("tls: changes its keys without end", waiting, "127.0.0.1:PORT", commanded(b"k\n", "-tls1_3"), ("timeout",)),
    ]  # fmt: skip
    return found
