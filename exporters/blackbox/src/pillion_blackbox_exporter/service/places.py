"""How many probes are under way, and the queue of those that wait for a place."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily

from pillion.web import Limits
from pillion_blackbox_exporter.service.settings import ProbeSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric

    from pillion.settings import Values

QUEUE_FACTOR = 4
"""How many may wait for each place."""

_BESIDE = 128
"""Requests for other things than probes, which must find a way in however many probes wait."""


def client_limits(values: Values) -> Limits:
    """Return what clients may cost: room for all probes that are under way or wait."""
    requests = values[ProbeSettings].concurrency * (1 + QUEUE_FACTOR) + _BESIDE
    return Limits(requests=requests, connections=max(requests, 512))


class NoPlaceError(Exception):
    """No place became free in time."""


class Places:
    """A fixed number of places, given out in the order in which they are asked for.

    Attributes:
        taken: how many are.
    """

    __slots__ = ("_limit", "_waiting", "is_empty", "taken")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.taken = 0
        self.is_empty = asyncio.Event()
        self.is_empty.set()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    async def take(self, patience: float) -> None:
        """Take a place, waiting at most so many seconds for one.

        Raises:
            NoPlaceError: there was none in time, or too many wait already.
        """
        if self.taken >= self._limit:
            await self._wait(patience)
        else:
            self.taken += 1
        self.is_empty.clear()

    def give_back(self) -> None:
        """Hand the place to the one who has waited longest, if anyone does."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self.taken -= 1
        if not self.taken:
            self.is_empty.set()

    async def _wait(self, patience: float) -> None:
        if len(self._waiting) >= self._limit * QUEUE_FACTOR:
            raise NoPlaceError
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(patience):
                await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled():
                self.give_back()  # it was handed over at the very moment
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
            if isinstance(error, TimeoutError):
                raise NoPlaceError from None
            raise


class Load:
    """What the metrics say of the places."""

    __slots__ = ("_places",)

    def __init__(self, places: Places) -> None:
        self._places = places

    def collect(self) -> Iterator[Metric]:
        """Yield how many probes are under way, and how many wait."""
        yield GaugeMetricFamily(
            "blackbox_exporter_probes_in_flight",
            "Probes that are under way.",
            value=self._places.taken,
        )
        yield GaugeMetricFamily(
            "blackbox_exporter_probes_waiting",
            "Probes that wait for a place.",
            value=self._places.waiting,
        )
