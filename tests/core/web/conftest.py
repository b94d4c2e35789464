"""A server on a free port, and clients that say exactly the bytes that they are told to."""

from __future__ import annotations

import asyncio
import io
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pytest

from pillion.log import Logger
from pillion.settings import Address
from pillion.testing import Clock
from pillion.web import Limits, Server

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from aiohttp import web

    from pillion.web.guard import Guard

WITHIN = 10


@dataclass(slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(slots=True)
class Client:
    """One raw connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def get(self, path: str, **headers: str) -> Answer:
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        await self.send(f"GET {path} HTTP/1.1\r\nHost: h\r\n{lines}\r\n".encode())
        return await self.answer()

    async def answer(self, *, is_head: bool = False) -> Answer:
        async with asyncio.timeout(WITHIN):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            start, *lines = head.rstrip("\r\n").split("\r\n")
            pairs = [line.partition(": ") for line in lines]
            headers = {name.lower(): value for name, _, value in pairs}
            size = 0 if is_head else int(headers.get("content-length", 0))
            return Answer(int(start.split()[1]), headers, await self.reader.readexactly(size))

    async def rest(self) -> bytes:
        """Return all that comes until the server closes; a reset is an end as well."""
        received = b""
        async with asyncio.timeout(WITHIN):
            try:
                while data := await self.reader.read(65536):
                    received += data
            except ConnectionResetError:
                pass
        return received

    async def is_closed(self) -> bool:
        return await self.rest() == b""

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            return


@dataclass(slots=True)
class Running:
    """A server under test."""

    server: Server
    clock: Clock
    logged: io.StringIO
    clients: list[Client] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.server.addresses[0].port

    async def connect(
        self, tls: ssl.SSLContext | None = None, *, server_hostname: str | None = None
    ) -> Client:
        async with asyncio.timeout(WITHIN):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", self.port, ssl=tls, server_hostname=server_hostname
            )
        client = Client(reader, writer)
        self.clients.append(client)
        return client

    async def say(self, data: bytes) -> bytes:
        """Send bytes over a connection of its own and return all that comes back."""
        client = await self.connect()
        await client.send(data)
        return await client.rest()

    async def until_connections(self, count: int) -> None:
        """Wait until the server knows of so many connections."""
        async with asyncio.timeout(WITHIN):
            while self.server.connection_count != count:
                await asyncio.sleep(0)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and the server look at its connections."""
        self.clock.advance(seconds)
        self.server.sweep()


class Serve(Protocol):
    def __call__(
        self,
        application: web.Application,
        *,
        limits: Limits = ...,
        security: Guard | None = ...,
        listen: tuple[Address, ...] = ...,
    ) -> AbstractAsyncContextManager[Running]: ...


@pytest.fixture
def serve() -> Serve:
    @asynccontextmanager
    async def serving(
        application: web.Application,
        *,
        limits: Limits = Limits(),  # noqa: B008  # frozen
        security: Guard | None = None,
        listen: tuple[Address, ...] = (Address("127.0.0.1", 0),),
    ) -> AsyncIterator[Running]:
        clock, logged = Clock(), io.StringIO()
        log = Logger(level="debug", stream=logged, clock=clock)
        server = Server(
            application, listen=listen, log=log, limits=limits, security=security, clock=clock
        )
        async with server:
            running = Running(server, clock, logged)
            try:
                yield running
            finally:
                for client in running.clients:
                    await client.close()

    return serving
