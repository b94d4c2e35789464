"""The last minutes of an access log, for the landing page: bounded. Pure."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pillion_nginx_exporter.access_log.totals import Totals

STEP = 5.0
_LENGTH = 61
"""Points: five minutes."""


@dataclass(frozen=True, slots=True)
class _Point:
    at: float
    classes: Mapping[str, int]
    counts: Sequence[int]


class Recent:
    """Points in time, some seconds apart."""

    __slots__ = ("_points",)

    def __init__(self) -> None:
        self._points: deque[_Point] = deque(maxlen=_LENGTH)

    def note(self, at: float, totals: Totals) -> None:
        """Add a point, unless it follows the one before too closely; `at` is in seconds."""
        if not self._points or at - self._points[-1].at >= STEP:
            self._points.append(_Point(at, totals.classes(), totals.distribution()))

    def rates(self) -> dict[str, list[float]]:
        """Return requests per second by class of status, oldest first; all of one length."""
        points = list(self._points)
        names = sorted({name for point in points for name in point.classes})
        return {
            name: [
                (after.classes.get(name, 0) - before.classes.get(name, 0)) / (after.at - before.at)
                for before, after in itertools.pairwise(points)
            ]
            for name in names
        }

    def counts(self, totals: Totals) -> list[int]:
        """Return how many times fell into each bucket since the first point."""
        now = totals.distribution()
        if not self._points:
            return now
        return [after - before for before, after in zip(self._points[0].counts, now, strict=True)]


def quantile(counts: Sequence[int], bounds: Sequence[float], share: float) -> float | None:
    """Return below which time so much of the counts lies, in seconds.

    Within a bucket it is interpolated, as with Prometheus' `histogram_quantile`. None where it is
    above the last bound, or where there is no count.
    """
    wanted = share * sum(counts)
    seen, lower = 0, 0.0
    for count, bound in zip(counts, bounds, strict=False):
        if count and seen + count >= wanted:
            return lower + (bound - lower) * (wanted - seen) / count
        seen += count
        lower = bound
    return None
