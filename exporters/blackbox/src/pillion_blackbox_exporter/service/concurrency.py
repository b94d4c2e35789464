"""How many probes run at once, and the queue of those that wait."""

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
"""How many probes may wait for each that may run."""

_BESIDE = 128
"""Requests for other things than probes, which must find a way in however many probes wait."""


def client_limits(values: Values) -> Limits:
    """Return what clients may cost: room for all probes that are under way or wait."""
    requests = values[ProbeSettings].concurrency * (1 + QUEUE_FACTOR) + _BESIDE
    return Limits(requests=requests, connections=max(requests, 512))


class LimitReachedError(Exception):
    """No probe ended in time for another to begin."""


class ConcurrencyLimit:
    """Lets a fixed number run at once; the others wait in the order in which they came.

    Attributes:
        taken: how many run.
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

    async def acquire(self, timeout: float) -> None:  # noqa: ASYNC109  # a queue, and bounded
        """Wait for a turn, `timeout` seconds at most; call `release` after it.

        Raises:
            LimitReachedError: none ended in time, or too many wait already.
        """
        if self.taken >= self._limit:
            await self._wait(timeout)
        else:
            self.taken += 1
        self.is_empty.clear()

    def release(self) -> None:
        """Give the turn to the one that has waited longest, if any waits."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self.taken -= 1
        if not self.taken:
            self.is_empty.set()

    async def _wait(self, timeout: float) -> None:  # noqa: ASYNC109
        if len(self._waiting) >= self._limit * QUEUE_FACTOR:
            raise LimitReachedError
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(timeout):
                await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled():
                self.release()  # it was handed over at the very moment
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
            if isinstance(error, TimeoutError):
                raise LimitReachedError from None
            raise


class Load:
    """The limit's metrics."""

    __slots__ = ("_limit",)

    def __init__(self, limit: ConcurrencyLimit) -> None:
        self._limit = limit

    def collect(self) -> Iterator[Metric]:
        """Yield how many probes are under way, and how many wait."""
        yield GaugeMetricFamily(
            "blackbox_exporter_probes_in_flight",
            "Probes that are under way.",
            value=self._limit.taken,
        )
        yield GaugeMetricFamily(
            "blackbox_exporter_probes_waiting",
            "Probes that wait for their turn.",
            value=self._limit.waiting,
        )
