"""Handlers that tests serve."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler


def answering(body: str | bytes = b"hello") -> Handler:
    """Return a handler that answers at once, always the same."""
    content = body.encode() if isinstance(body, str) else body

    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=content)

    return handler


async def echo_query(request: web.Request) -> web.Response:
    return web.Response(text=f"hello {request.query_string}")


async def echo_body(request: web.Request) -> web.Response:
    return web.Response(body=await request.read())


class Slow:
    """A handler whose answers wait until the test lets them go."""

    def __init__(self) -> None:
        self.started = 0
        self.cancelled = 0
        self.let_go = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        self.started += 1
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return web.Response(text=f"slow {request.query_string}")

    async def until_started(self, count: int) -> None:
        async with asyncio.timeout(10):
            while self.started < count:
                await asyncio.sleep(0)

    async def until_cancelled(self) -> None:
        async with asyncio.timeout(10):
            while not self.cancelled:
                await asyncio.sleep(0)


def serving(
    *, get: dict[str, Handler] | None = None, post: dict[str, Handler] | None = None
) -> web.Application:
    """Return an application with these handlers by path."""
    application = web.Application()
    for path, handler in (get or {}).items():
        application.router.add_get(path, handler)
    for path, handler in (post or {}).items():
        application.router.add_post(path, handler)
    return application
