"""When each path is looked at."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pillion.tail.follower import Follower

LOOKS_AT_ONCE = 256
"""A look costs some 6 us; more of them in a row would keep busy files waiting."""


class Schedule:
    """A heap of followers by the time at which they are due."""

    __slots__ = ("_heap", "_number")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Follower]] = []
        self._number = 0

    def put(self, follower: Follower, due: float) -> None:
        """Look at a follower at this time, and no more at the one set before."""
        follower.due = due
        self._number += 1
        heappush(self._heap, (due, self._number, follower))

    def due(self, now: float) -> Iterator[Follower]:
        """Yield, and take off, who is due; no more than LOOKS_AT_ONCE."""
        heap, left = self._heap, LOOKS_AT_ONCE
        while left and heap and heap[0][0] <= now:
            due, _, follower = heappop(heap)
            if follower.due == due and follower.is_wanted:
                follower.due = -1.0
                left -= 1
                yield follower

    def next_due(self) -> float | None:
        """Return when the next one is due."""
        heap = self._heap
        while heap and heap[0][2].due != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None
