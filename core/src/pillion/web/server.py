"""The HTTP server of every Pillion process: listens, accepts, sweeps and closes.

aiohttp reads and answers; what is accepted, and for how long, is decided here, so that a changed
certificate counts for the next connection and nobody can keep others out.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import time
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from aiohttp import web

from pillion.web.connection import Connection
from pillion.web.connections import Connections
from pillion.web.limits import Limits
from pillion.web.listening import address_of, close_all, open_sockets
from pillion.web.middleware import install

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Any, Self

    from pillion.log import Logger
    from pillion.settings.kinds import Address
    from pillion.web.guard import Guard

SWEEP_INTERVAL = 1.0
COMPLAINT_INTERVAL = 60.0
_ACCEPTED_AT_A_TIME = 64
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_SHUTDOWN = 1.0
_RECEIVE_BUFFER = 32 * 1024
"""Bytes (twice as many, socket(7)) that can arrive at once: as many wait to be parsed."""


class Server:
    """Serves an application on addresses; an async context manager that starts and closes.

    Args:
        application: what is answered. The server puts its middleware before those that are there.
        listen: where; each is bound at `start`.
        sockets: listening sockets to serve on besides (systemd's); the server owns them.
        log: where handlers' errors and refused handshakes go.
        security: TLS, users and headers; None serves plain HTTP to everyone.
        limits: what a client may cost.
        clock: seconds that only grow.

    Attributes:
        addresses: where it listens, from `start` on, with the port that 0 became.
    """

    def __init__(
        self,
        application: web.Application,
        *,
        listen: Sequence[Address] = (),
        sockets: Sequence[socket.socket] = (),
        log: Logger,
        security: Guard | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.addresses: tuple[Address, ...] = ()
        self._listen = tuple(listen)
        self._listening = list(sockets)
        self._log = log
        self._limits = limits or Limits()
        self._security = security
        self._connections = Connections(
            limits=self._limits, security=security, log=log, clock=clock
        )
        install(application, security=security, limits=self._limits, log=log)
        self._runner = web.AppRunner(
            application, handler_cancellation=True, shutdown_timeout=_SHUTDOWN
        )
        self._sweeper: asyncio.TimerHandle | None = None
        self._opening: set[asyncio.Task[None]] = set()
        self._complained = -inf

    @property
    def connection_count(self) -> int:
        """How many connections are open."""
        return len(self._connections.all)

    async def start(self) -> None:
        """Bind and begin to accept.

        Raises:
            ConfigurationError: an address cannot be listened on.
        """
        self._listening += open_sockets(self._listen)
        self.addresses = tuple(address_of(one) for one in self._listening)
        await self._runner.setup()
        server = self._factory
        make_request = server.request_factory

        def begin_request(*arguments: Any) -> web.BaseRequest:
            request = make_request(*arguments)
            connection = request.protocol
            assert isinstance(connection, Connection)
            connection.begin(request)
            return request

        server.request_factory = begin_request
        self._accept_all()

    async def close(self, *, grace: float) -> None:
        """Stop accepting, let requests in flight finish for `grace` seconds, close the rest."""
        connections = self._connections
        connections.is_closing = True
        self._accept_none()
        close_all(self._listening)
        self._listening.clear()
        for connection in list(connections.all):
            if not connection.is_open or connection.is_lingering:
                connection.drop()
            elif connection.is_idle:
                connection.force_close()
            else:
                connection.close()
        try:
            async with asyncio.timeout(grace):
                await connections.is_empty.wait()
        except TimeoutError:
            for connection in list(connections.all):
                connection.drop()
        if self._opening:
            await asyncio.wait(self._opening)
        await self._runner.cleanup()
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close(grace=0)

    def sweep(self) -> None:
        """Close the connections whose time is up. Runs by itself while there are connections."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        if self._connections.all:
            self._sweep_later()
            self._connections.sweep()

    @property
    def _factory(self) -> web.Server:
        assert self._runner.server is not None, "it has been started"
        return self._runner.server

    def _sweep_later(self) -> None:
        self._sweeper = asyncio.get_running_loop().call_later(SWEEP_INTERVAL, self.sweep)

    def _accept_all(self) -> None:
        if self._connections.is_closing:
            return
        loop = asyncio.get_running_loop()
        for listening in self._listening:
            loop.add_reader(listening, self._accept, listening)

    def _accept_none(self) -> None:
        loop = asyncio.get_running_loop()
        for listening in self._listening:
            loop.remove_reader(listening)

    def _accept(self, listening: socket.socket) -> None:
        """Accept what waits; the loop calls again while more does."""
        for _ in range(_ACCEPTED_AT_A_TIME):
            try:
                accepted, place = listening.accept()
            except OSError as error:
                # Anything else is about the one connection that did not come to be (accept(2)).
                if error.errno in _EXHAUSTED:
                    self._make_room(error)
                return
            self._serve(accepted, place)

    def _serve(self, accepted: socket.socket, place: object) -> None:
        context = self._security.context() if self._security is not None else None
        is_encrypted = context is not None
        if not self._connections.make_room(is_encrypted=is_encrypted):
            accepted.close()
            return
        accepted.settimeout(0)
        connection = Connection(self._factory, self._connections, place, is_encrypted=is_encrypted)
        opening = asyncio.get_running_loop().create_task(self._open(connection, accepted, context))
        connection.opening = opening
        self._opening.add(opening)
        opening.add_done_callback(partial(self._opened, connection, accepted))
        if self._sweeper is None:
            self._sweep_later()

    async def _open(
        self, connection: Connection, accepted: socket.socket, context: ssl.SSLContext | None
    ) -> None:
        """Make the transport, which tells the connection once TLS has shaken hands."""
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        loop = asyncio.get_running_loop()
        if context is None:
            await loop.connect_accepted_socket(lambda: connection, accepted)
            return
        await loop.connect_accepted_socket(
            lambda: connection,
            accepted,
            ssl=context,
            ssl_handshake_timeout=self._limits.head_time,
            ssl_shutdown_timeout=self._limits.linger_time,
        )

    def _opened(
        self, connection: Connection, accepted: socket.socket, opening: asyncio.Task[None]
    ) -> None:
        self._opening.discard(opening)
        if not opening.cancelled() and (error := opening.exception()) is not None:
            self._log_unopened(connection, error)
        if not connection.is_open:
            accepted.close()
            self._connections.leave(connection)

    def _log_unopened(self, connection: Connection, error: BaseException) -> None:
        if isinstance(error, OSError):
            reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
            cause = (reason or str(error)).replace("_", " ").lower()
            self._log.debug("a TLS handshake failed", peer=connection.peer, cause=cause)
        else:
            self._log.error("a connection could not be served", cause=repr(error))

    def _make_room(self, error: OSError) -> None:
        """Close the longest idle, so that the next one can be accepted; else wait a little."""
        now = self._connections.clock()
        if now - self._complained >= COMPLAINT_INTERVAL:
            self._complained = now
            self._log.warning("cannot accept a connection", cause=error.strerror)
        if not self._connections.drop_longest_idle():
            self._accept_none()
            asyncio.get_running_loop().call_later(SWEEP_INTERVAL, self._accept_all)
