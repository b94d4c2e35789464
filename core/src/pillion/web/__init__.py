"""The HTTP server of every Pillion process: small, bounded on every side, quick to answer.

routes = Routes()
routes.get("/", lambda request: Response("hello"))
async with Server(routes, listen=[Address("", 9113)], log=log):
    ...

A handler returns a `Response`, or an awaitable of one. `pillion.web.standard` adds what every
process answers, `pillion.web.page` is the frame of a landing page, `pillion.web.systemd` takes
over sockets.
"""

from pillion.web.limits import Limits
from pillion.web.message import HTML, TEXT, Handler, Request, Response
from pillion.web.routes import Routes
from pillion.web.security import Security
from pillion.web.server import Server

__all__ = [
    "HTML",
    "TEXT",
    "Handler",
    "Limits",
    "Request",
    "Response",
    "Routes",
    "Security",
    "Server",
]
