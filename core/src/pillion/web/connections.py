"""The connections of one server: how many there are, and which goes when there is no room."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.log import Logger
    from pillion.web.guard import Guard
    from pillion.web.limits import Limits

_PIPELINED_AT_A_TIME = 4
TLS_CONNECTION_SIZE = 288 * 1024
"""Bytes of one TLS connection: asyncio gives each a buffer of 256 KiB to read to."""


class Counted(Protocol):
    """A connection, as far as it is counted and told to go."""

    @property
    def since(self) -> float:
        """Since when it is in its state, on the monotonic clock."""
        ...

    @property
    def allowance(self) -> float:
        """For how many seconds it may be."""
        ...

    @property
    def is_idle(self) -> bool:
        """Whether it asks for nothing."""
        ...

    @property
    def is_encrypted(self) -> bool:
        """Whether it holds the memory of TLS."""
        ...

    @property
    def writing_paused(self) -> bool:
        """Whether it does not take its answer."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether it is not cut yet."""
        ...

    @property
    def is_lingering(self) -> bool:
        """Whether it is answered, and waits for what the client still sends."""
        ...

    def close(self) -> None:
        """Close it once it has answered what it was asked."""
        ...

    def force_close(self) -> None:
        """Close it, whatever it was asked."""
        ...

    def drop(self) -> None:
        """Cut it at once."""
        ...

    def expire(self) -> None:
        """Close it, since its time is up."""
        ...


class Connections:
    """The open connections of a server.

    Attributes:
        all: those that are open, in the order in which they came.
        is_closing: whether every answer is its connection's last.
        is_empty: set while there is no connection.
        logger: the log, as aiohttp takes one.
        pipelining: held for a turn of the event loop before a further request of what was read
            at once is answered, so that many such connections keep nobody waiting.
    """

    __slots__ = (
        "all",
        "clock",
        "is_closing",
        "is_empty",
        "limits",
        "log",
        "logger",
        "pipelining",
        "security",
    )

    def __init__(
        self, *, limits: Limits, security: Guard | None, log: Logger, clock: Callable[[], float]
    ) -> None:
        self.limits = limits
        self.security = security
        self.log = log
        self.logger = log.as_standard("aiohttp.server")
        self.clock = clock
        self.pipelining = asyncio.Semaphore(_PIPELINED_AT_A_TIME)
        self.all: dict[Counted, None] = {}
        self.is_closing = False
        self.is_empty = asyncio.Event()
        self.is_empty.set()

    def join(self, connection: Counted) -> None:
        """Count a connection in."""
        self.all[connection] = None
        self.is_empty.clear()

    def leave(self, connection: Counted) -> None:
        """Count a connection out; more than once does no harm."""
        self.all.pop(connection, None)
        if not self.all:
            self.is_empty.set()

    def make_room(self, *, is_encrypted: bool) -> bool:
        """Drop whom a new connection takes the place of; False when there is no place for it."""
        if is_encrypted:
            self.trim_idle_tls(room_for=1)
        return len(self.all) < self.limits.connections or self.drop_longest_idle()

    def drop_longest_idle(self) -> bool:
        """Cut the connection that has waited longest; False when all are being answered.

        One that does not take its answer is the next best, after those that ask for nothing.
        """
        idle = [one for one in self.all if one.is_idle or one.writing_paused]
        if not idle:
            return False
        min(idle, key=lambda one: (one.writing_paused, one.since)).drop()
        return True

    def trim_idle_tls(self, *, room_for: int = 0) -> None:
        """Cut the longest idle TLS connections until the others keep to their bound."""
        idle = [one for one in self.all if one.is_encrypted and one.is_idle]
        surplus = len(idle) + room_for - self.limits.idle_tls_size // TLS_CONNECTION_SIZE
        if surplus > 0:
            for one in sorted(idle, key=lambda one: one.since)[:surplus]:
                one.drop()

    def sweep(self) -> None:
        """Close the connections whose time is up."""
        self.trim_idle_tls()
        now = self.clock()
        for connection in list(self.all):
            if connection.since + connection.allowance <= now:
                connection.expire()
