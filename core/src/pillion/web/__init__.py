"""The HTTP server of every Pillion process: aiohttp, bounded on every side.

from aiohttp import web

async def hello(request: web.Request) -> web.Response:
    return web.Response(text="hello")

application = web.Application()
application.router.add_get("/", hello)
async with Server(application, listen=[Address("", 9113)], log=log):
    ...

Handlers, middlewares and sub-applications are aiohttp's own. `pillion.web.standard` adds what
every process answers, `pillion.web.page` is the frame of a landing page, `pillion.web.systemd`
takes over sockets.
"""

from pillion.web.connection import peer_of
from pillion.web.limits import Limits
from pillion.web.security import Security
from pillion.web.server import Server

__all__ = ["Limits", "Security", "Server", "peer_of"]
