"""A server of HTTP/2 that a test leads by hand, frame by frame."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import h2.config
import h2.connection
import h2.events

from tests.servers.wire import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tests.servers.wire import Visit

    Serve = Callable[["Session"], Awaitable[None]]


class Session:
    """A connection whose first request has come."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self.h2 = h2.connection.H2Connection(config)
        self.headers: list[tuple[str, str]] = []

    async def begin(self) -> None:
        """Read until a request is whole."""
        self.h2.initiate_connection()
        await self.flush()
        while True:
            data = await self.visit._reader.read(65536)
            if not data:
                raise ConnectionResetError
            for event in self.h2.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    self.headers = [(str(k), str(v)) for k, v in event.headers or []]
                if isinstance(event, h2.events.StreamEnded):
                    await self.flush()
                    return
            await self.flush()

    async def flush(self) -> None:
        """Send what h2 has to say."""
        await self.visit.write(self.h2.data_to_send())

    async def answer(
        self,
        body: bytes = b"",
        *,
        trailers: list[tuple[str, str]] | None = None,
        headers: list[tuple[str, str]] | None = None,
    ) -> None:
        """Send headers, content and trailers on the stream 1."""
        usual = [(":status", "200"), ("content-type", "application/grpc")]
        self.h2.send_headers(1, headers or usual, end_stream=not body and trailers is None)
        if body:
            self.h2.send_data(1, body, end_stream=trailers is None)
        if trailers is not None:
            self.h2.send_headers(1, trailers, end_stream=True)
        await self.flush()


@asynccontextmanager
async def http2_server(serve: Serve) -> AsyncIterator[str]:
    """Call `serve(session)` for each request; yields `host:port`."""

    async def begin(visit: Visit) -> None:
        session = Session(visit)
        await session.begin()
        await serve(session)
        await visit.wait_for_end()

    async with serving(begin) as port:
        yield f"127.0.0.1:{port}"
