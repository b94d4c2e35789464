"""What all connections of one server share, and the way from a request to its response."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from pillion.web.message import PENDING, Response
from pillion.web.reader import Ledger
from pillion.web.render import http_date, render

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    from pillion.log import Logger
    from pillion.web.connection import Connection
    from pillion.web.guard import Guard
    from pillion.web.limits import Limits
    from pillion.web.message import Request
    from pillion.web.routes import Routes

_LOGGED = 200
_TOO_MANY = Response("503 too many requests at once\n", 503, headers=(("Retry-After", "1"),))

PIECE = 4096
"""Bytes that are read at a time: it bounds how many pipelined requests are parsed at once."""


class Site:
    """The shared part.

    Attributes:
        connections: those that are open, in the order in which they came.
        in_flight: requests that are being answered by a task.
        is_closing: whether every answer is its connection's last.
        is_empty: set while there is no connection.
        buffer: where every connection reads to. One loop runs them all, and what was read is
            parsed before the next one reads, so one buffer does; `recv` would allocate
            256 KiB each time.
    """

    __slots__ = (
        "_date",
        "_date_second",
        "_wall_clock",
        "buffer",
        "clock",
        "connections",
        "in_flight",
        "is_closing",
        "is_empty",
        "ledger",
        "limits",
        "log",
        "routes",
        "security",
    )

    def __init__(
        self,
        routes: Routes,
        *,
        log: Logger,
        limits: Limits,
        security: Guard | None,
        clock: Callable[[], float],
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.routes = routes
        self.log = log
        self.limits = limits
        self.security = security
        self.clock = clock
        self.connections: dict[Connection, None] = {}
        self.in_flight = 0
        self.is_closing = False
        self.is_empty = asyncio.Event()
        self.is_empty.set()
        self.ledger = Ledger(limits.bodies_size)
        self.buffer = memoryview(bytearray(PIECE))
        self._wall_clock = wall_clock
        self._date = ""
        self._date_second = -1

    def join(self, connection: Connection) -> None:
        """Count a connection in."""
        self.connections[connection] = None
        self.is_empty.clear()

    def leave(self, connection: Connection) -> None:
        """Count a connection out; more than once does no harm."""
        self.connections.pop(connection, None)
        if not self.connections:
            self.is_empty.set()

    def drop_longest_idle(self) -> bool:
        """Cut the connection that has waited longest; False when all are being answered.

        One that does not take its answer is the next best, after those that ask for nothing.
        """
        idle = [one for one in self.connections if not one.is_answering]
        if not idle:
            return False
        min(idle, key=lambda one: (one.is_busy, one.since)).drop()
        return True

    def objects(self, tls: ssl.SSLObject, peer: str) -> bool:
        """Tell whether a client is turned away after its TLS handshake."""
        why = self.security.objection(tls) if self.security is not None else None
        if why is not None:
            self.log.debug("a client was turned away", peer=peer, cause=why)
        return why is not None

    def respond(self, request: Request) -> Response | asyncio.Future[Response]:
        """Return the answer, or the task that makes it. Raises nothing."""
        try:
            refusal = self.security.admit(request) if self.security is not None else None
            result: Response | Awaitable[Response]
            if refusal is PENDING:
                result = self._respond_once_verified(request)
            else:
                result = refusal or self.routes.respond(request)
            if isinstance(result, Response):
                return result
            # What is answered at once always is: the kubelet's probes above all.
            if self.in_flight >= self.limits.requests:
                if asyncio.iscoroutine(result):
                    result.close()
                return _TOO_MANY
            return asyncio.ensure_future(result)
        except Exception as error:  # noqa: BLE001  # a handler's fault must not reach the parser
            return self._failed(request, error)

    def outcome(self, request: Request, task: asyncio.Future[Response]) -> Response:
        """Return the answer of a handler's task that is done, whichever way it ended."""
        if task.cancelled():
            return Response("503 the request was abandoned\n", 503)
        error = task.exception()
        return task.result() if error is None else self._failed(request, error)

    def rendered(self, response: Response, request: Request | None, connection: str) -> bytes:
        """Return the bytes of an answer, with the headers that the web configuration adds.

        Args:
            response: the answer.
            request: what it answers; None when that could not be read.
            connection: the value of the Connection header, or nothing for none.
        """
        encoding = request.headers.get("accept-encoding", "") if request else ""
        is_head = request is not None and request.method == "HEAD"
        headers = self.security.headers if self.security is not None else ()
        try:
            return render(response, self._today(), connection, encoding, headers, is_head=is_head)
        except Exception as error:  # noqa: BLE001  # whatever a handler took for a response
            assert request is not None, "the server's own answers are well-formed"
            failed = self._failed(request, error)
            return render(failed, self._today(), connection, is_head=is_head)

    def _failed(self, request: Request, error: BaseException) -> Response:
        """Log a handler's error and return an answer that gives nothing of it away."""
        self.log.error(
            "a request could not be answered",
            method=request.method,
            path=request.path[:_LOGGED],
            peer=request.peer,
            error=type(error).__name__,
            cause=str(error),
        )
        return Response("500 internal error; the log says more\n", 500)

    async def _respond_once_verified(self, request: Request) -> Response:
        assert self.security is not None
        refusal = await self.security.verify(request)
        if refusal is not None:
            return refusal
        response = self.routes.respond(request)
        return response if isinstance(response, Response) else await response

    def _today(self) -> str:
        """Return the Date header, made once a second."""
        second = int(self._wall_clock())
        if second != self._date_second:
            self._date_second = second
            self._date = http_date(second)
        return self._date
