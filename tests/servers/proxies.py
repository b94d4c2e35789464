"""Real proxies for a test: tinyproxy for HTTP, also behind TLS, and microsocks for SOCKS5."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from tests.needs import program
from tests.servers.nginx import free_port

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


@contextmanager
def tinyproxy(folder: Path, *more: str) -> Iterator[int]:
    """Run an HTTP proxy and yield its port."""
    port = free_port()
    lines = [f"Port {port}", "Listen 127.0.0.1", "Allow 127.0.0.1", *more]
    path = folder / f"tinyproxy-{port}.conf"
    path.write_text("\n".join(lines) + "\n")
    with _running(port, program("tinyproxy"), "-d", "-c", str(path)):
        yield port


@contextmanager
def microsocks(user: str = "", password: str = "") -> Iterator[int]:
    """Run a SOCKS5 proxy and yield its port."""
    port = free_port()
    credentials = ["-u", user, "-P", password] if user else []
    with _running(port, program("microsocks"), "-i", "127.0.0.1", "-p", str(port), *credentials):
        yield port


@asynccontextmanager
async def behind_tls(port: int, context: ssl.SSLContext) -> AsyncIterator[int]:
    """Yield the port of a relay that speaks TLS and hands the bytes on."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except (ConnectionError, OSError):
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@contextmanager
def _running(port: int, *command: str) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, f"{command[0]} ended"
            time.sleep(0.01)
        yield
    finally:
        process.kill()
        process.wait()
