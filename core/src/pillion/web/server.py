"""The HTTP server of every Pillion process: listens, accepts, sweeps and closes."""

from __future__ import annotations

import asyncio
import errno
import time
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from pillion.web.connection import Connection
from pillion.web.limits import Limits
from pillion.web.listening import address_of, close_all, open_sockets
from pillion.web.site import Site

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Self

    from pillion.log import Logger
    from pillion.settings.kinds import Address
    from pillion.web.guard import Guard
    from pillion.web.routes import Routes

SWEEP_INTERVAL = 1.0
COMPLAINT_INTERVAL = 60.0
_ACCEPTED_AT_A_TIME = 64
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_MAPPED = "::ffff:"


class Server:
    """Serves routes on addresses; an async context manager that starts and closes.

    Args:
        routes: what is answered.
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
        routes: Routes,
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
        self._security = security
        self._site = Site(
            routes, log=log, limits=limits or Limits(), security=security, clock=clock
        )
        self._sweeper: asyncio.TimerHandle | None = None
        self._opening: set[asyncio.Task[None]] = set()
        self._complained = -inf

    @property
    def connection_count(self) -> int:
        """How many connections are open."""
        return len(self._site.connections)

    async def start(self) -> None:
        """Bind and begin to accept.

        Raises:
            ConfigurationError: an address cannot be listened on.
        """
        self._listening += open_sockets(self._listen)
        self.addresses = tuple(address_of(one) for one in self._listening)
        self._accept_all()

    async def close(self, *, grace: float) -> None:
        """Stop accepting, let requests in flight finish for `grace` seconds, close the rest."""
        site = self._site
        site.is_closing = True
        self._accept_none()
        close_all(self._listening)
        self._listening.clear()
        for connection in list(site.connections):
            connection.close_when_idle()
        try:
            async with asyncio.timeout(grace):
                await site.is_empty.wait()
        except TimeoutError:
            for connection in list(site.connections):
                connection.drop()
        if self._opening:
            await asyncio.wait(self._opening)
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
        if not self._site.connections:
            return
        self._sweep_later()
        now = self._site.clock()
        for connection in list(self._site.connections):
            if connection.since + connection.allowance <= now:
                connection.expire()

    def _sweep_later(self) -> None:
        self._sweeper = asyncio.get_running_loop().call_later(SWEEP_INTERVAL, self.sweep)

    def _accept_all(self) -> None:
        if self._site.is_closing:
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
        site = self._site
        if len(site.connections) >= site.limits.connections and not site.drop_longest_idle():
            accepted.close()
            return
        accepted.settimeout(0)
        connection = Connection(site, _peer(place))
        opening = asyncio.get_running_loop().create_task(self._open(connection, accepted))
        connection.opening = opening
        self._opening.add(opening)
        opening.add_done_callback(partial(self._opened, connection, accepted))
        if self._sweeper is None:
            self._sweep_later()

    async def _open(self, connection: Connection, accepted: socket.socket) -> None:
        """Make the transport, which tells the connection."""
        protocol: asyncio.BufferedProtocol = connection
        context = self._security.context() if self._security is not None else None
        if context is not None:
            from pillion.web.encrypted import EncryptedWire  # only with TLS  # noqa: PLC0415

            protocol = EncryptedWire(connection, context, self._site)
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: protocol, accepted)

    def _opened(
        self, connection: Connection, accepted: socket.socket, opening: asyncio.Task[None]
    ) -> None:
        self._opening.discard(opening)
        if not opening.cancelled() and (error := opening.exception()) is not None:
            self._log.error("a connection could not be served", cause=repr(error))
        if not connection.is_open:
            accepted.close()
            self._site.leave(connection)

    def _make_room(self, error: OSError) -> None:
        """Close the longest idle, so that the next one can be accepted; else wait a little."""
        now = self._site.clock()
        if now - self._complained >= COMPLAINT_INTERVAL:
            self._complained = now
            self._log.warning("cannot accept a connection", cause=error.strerror)
        if not self._site.drop_longest_idle():
            self._accept_none()
            asyncio.get_running_loop().call_later(SWEEP_INTERVAL, self._accept_all)


def _peer(place: object) -> str:
    if not isinstance(place, tuple):
        return "unix"
    host, port = place[0].removeprefix(_MAPPED), place[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
