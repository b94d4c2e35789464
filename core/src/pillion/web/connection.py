"""One connection: reads requests, has them answered in order, and keeps to its limits.

It owns no timer. It keeps the moment at which it will have taken too long, and the server's one
sweep calls `expire`.
"""

from __future__ import annotations

import asyncio
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from pillion.web.message import Response
from pillion.web.reader import Reader, Stage
from pillion.web.render import CONTINUE

if TYPE_CHECKING:
    from pillion.web.reader import Arrival
    from pillion.web.site import Site
    from pillion.web.wire import Wire


class Connection(asyncio.BufferedProtocol):
    """One accepted socket, from before its wire is made to its end.

    Attributes:
        peer: the client, for the log.
        since: when what it is at began, by the site's clock.
        allowance: how many seconds that may take; then `expire` is due.
        opening: the task that makes the wire; it is cancelled by `drop`.
    """

    __slots__ = (
        "_is_lingering",
        "_is_write_paused",
        "_reader",
        "_site",
        "_stretch",
        "_task",
        "_wire",
        "allowance",
        "opening",
        "peer",
        "since",
    )

    def __init__(self, site: Site, peer: str) -> None:
        self._site = site
        self.peer = peer
        self._reader = Reader(site.limits, site.ledger, peer)
        self._wire: Wire | None = None
        self._task: asyncio.Future[Response] | None = None
        self._stretch = 0
        self._is_write_paused = False
        self._is_lingering = False
        self.opening: asyncio.Task[None] | None = None
        self._allow(site.limits.head_time)
        site.join(self)

    @property
    def is_open(self) -> bool:
        """Whether it has a wire."""
        return self._wire is not None

    @property
    def is_answering(self) -> bool:
        """Whether a handler is at work for it."""
        return self._task is not None

    @property
    def is_busy(self) -> bool:
        """Whether an answer is being made or taken, so that it would be a loss to close."""
        return self._task is not None or self._is_write_paused

    def close_when_idle(self) -> None:
        """Close at once, or after the answer that is being made (the site is closing)."""
        if self._wire is None:
            self.drop()
        elif not self.is_busy and not self._is_lingering:
            self._close()

    def drop(self) -> None:
        """Cut the connection now, whatever it is at."""
        self._site.leave(self)
        if self._wire is not None:
            self._wire.abort()
        elif self.opening is not None:
            self.opening.cancel()

    def expire(self) -> None:
        """Give up on a client that took too long."""
        stage = self._reader.stage
        if self._wire is None or self.is_busy or self._is_lingering:
            self.drop()
        elif stage is Stage.BETWEEN:
            self._close()
        else:
            what = "headers" if stage is Stage.HEAD else "body"
            self._refuse(Response(f"408 the {what} took too long\n", 408))

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        # So low that `resume_writing` means that the client has taken everything.
        transport.set_write_buffer_limits(high=1, low=0)
        self.open(transport)

    def open(self, wire: Wire) -> None:
        """Begin, with a transport or with what encrypts for it."""
        self._wire = wire
        self._allow(self._site.limits.head_time)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # the loop's signature
        """Return where to read to."""
        return self._site.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Read on and answer what has arrived."""
        if not self._is_lingering:
            self._reader.feed(self._site.buffer[:nbytes])
            self._advance()

    def eof_received(self) -> bool:
        """Let a client that has closed its half take what is written; anything else ends.

        A client that gave up looks the same as one that only stopped sending, and the first is
        what happens (a scrape that timed out), so a handler at work is cancelled.
        """
        self._reader.is_finished = True
        return self._is_write_paused

    def pause_writing(self) -> None:
        """Hear that the client has not taken the whole answer yet."""
        self._is_write_paused = True
        self._allow(self._site.limits.write_time)

    def resume_writing(self) -> None:
        """Hear that the client has taken all."""
        self._is_write_paused = False
        if not self._is_lingering:
            self._stretch = -1
            self._advance()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # either way it is over
        """Let go of everything."""
        if self._task is not None:
            self._task.cancel()
        self._reader.close()
        self._site.leave(self)

    # From a request to its answer.

    def _advance(self) -> None:
        """Answer in order, until one takes time, or nothing is left to answer."""
        reader, wire = self._reader, self._wire
        assert wire is not None
        while reader.arrivals and not self.is_busy and not wire.is_closing():
            self._answer(reader.arrivals.popleft())
        if wire.is_closing():
            return
        if self.is_busy:
            if reader.arrivals and wire.is_reading():
                wire.pause_reading()
        elif reader.refusal is not None:
            self._refuse(reader.refusal)
        elif reader.is_finished:
            self._close()
        else:
            self._listen(wire)

    def _listen(self, wire: Wire) -> None:
        reader = self._reader
        if reader.awaits_continue:
            reader.awaits_continue = False
            wire.write(CONTINUE)
        if not wire.is_reading():
            wire.resume_reading()
        # The time runs for a stage of a request as a whole, however slowly bytes drip in.
        stretch = reader.count * 4 + reader.stage
        if stretch != self._stretch:
            self._stretch = stretch
            self._allow(self._time_for(reader.stage))

    def _time_for(self, stage: Stage) -> float:
        limits = self._site.limits
        if stage is Stage.BETWEEN:
            return limits.idle_time
        return limits.head_time if stage is Stage.HEAD else limits.body_time

    def _answer(self, arrival: Arrival) -> None:
        result = self._site.respond(arrival.request)
        if isinstance(result, Response):
            self._write(result, arrival)
            return
        self._allow(inf)
        self._stretch = -1
        self._site.in_flight += 1
        self._task = result
        self._task.add_done_callback(partial(self._answer_late, arrival))

    def _answer_late(self, arrival: Arrival, task: asyncio.Future[Response]) -> None:
        self._task = None
        self._site.in_flight -= 1
        response = self._site.outcome(arrival.request, task)
        assert self._wire is not None
        if self._wire.is_closing():
            self._reader.release(arrival.request)
        else:
            self._write(response, arrival)
            self._advance()

    def _write(self, response: Response, arrival: Arrival) -> None:
        assert self._wire is not None
        request, reader = arrival.request, self._reader
        reader.release(request)
        if self._site.is_closing:
            arrival.keep_alive = False
        if arrival.keep_alive:
            connection = "keep-alive" if arrival.is_old else ""
        else:
            connection = "close"
            reader.close()
        self._wire.write(self._site.rendered(response, request, connection))

    def _refuse(self, refusal: Response) -> None:
        """Answer what cannot be read on, and wait a little for the client to read that.

        Closing while it still sends would reset the connection, and it would never see why.
        """
        site, wire = self._site, self._wire
        assert wire is not None
        self._is_lingering = True
        wire.write(site.rendered(refusal, None, "close"))
        self._allow(site.limits.linger_time)
        try:
            wire.write_eof()
        except OSError:
            # It is gone already.
            wire.abort()
        else:
            if not wire.is_reading():
                wire.resume_reading()

    def _close(self) -> None:
        assert self._wire is not None
        self._is_lingering = True
        self._allow(self._site.limits.linger_time)
        self._wire.close()

    def _allow(self, seconds: float) -> None:
        self.since = self._site.clock()
        self.allowance = seconds
