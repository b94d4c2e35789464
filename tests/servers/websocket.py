"""A WebSocket server on aiohttp, which shares no code with the prober."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    Talk = Callable[[web.WebSocketResponse], Awaitable[None]]


@asynccontextmanager
async def websocket_server(
    talk: Talk, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, list[Mapping[str, str]]]]:
    """Serve with `talk(socket)` for each connection; yields `host:port` and the headers seen."""
    seen: list[Mapping[str, str]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers)
        if request.path == "/forbidden":
            raise web.HTTPForbidden
        if request.path == "/moved":
            raise web.HTTPFound("/")
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        await talk(socket)
        return socket

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}", seen
    finally:
        await runner.cleanup()
