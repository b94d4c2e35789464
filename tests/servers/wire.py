"""A server that answers each connection with bytes of the test's choice."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable

    Serve = Callable[["Visit"], Awaitable[None]]


class Visit:
    """One connection, as the server sees it."""

    def __init__(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.number = number
        self._reader = reader
        self._writer = writer

    async def read_request(self) -> str:
        """Return the next request's head; raises IncompleteReadError at the end."""
        return (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")

    async def read_body(self, head: str) -> bytes:
        """Return the body of the request whose head was read, by its Content-Length."""
        match = re.search(r"(?im)^content-length: (\d+)", head)
        return await self._reader.readexactly(int(match[1]) if match else 0)

    async def write(self, data: bytes) -> None:
        """Send bytes."""
        self._writer.write(data)
        await self._writer.drain()

    @property
    def is_closing(self) -> bool:
        """Whether the connection has ended."""
        return self._writer.is_closing()

    async def wait_for_end(self) -> None:
        """Wait until the client closes."""
        await self._reader.read()

    async def close(self) -> None:
        """Close the connection and wait until it is closed."""
        self._writer.close()
        await self._writer.wait_closed()


@asynccontextmanager
async def serving(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve on loopback with `serve(visit)` for each connection; yields the port."""
    count = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        try:
            await serve(Visit(count, reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls, limit=4 * 1024 * 1024)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def response(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """Return a response with a Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body
