"""The counters: one set for each combination of label values, at most so many. Pure."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from pillion.metrics.bounded import OTHER
from pillion_nginx_exporter.access_log.columns import TIMES

if TYPE_CHECKING:
    from collections.abc import Sequence

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

LabelValues = tuple[str, ...]


class Distribution:
    """The counts of a histogram, not cumulative, with what lies above the last bound at the end."""

    __slots__ = ("counts", "seconds")

    def __init__(self, bounds: int) -> None:
        self.counts = [0] * (bounds + 1)
        self.seconds = 0.0

    def add(self, index: int, seconds: float, times: int) -> None:
        """Count a value so many times."""
        self.counts[index] += times
        self.seconds += seconds * times


class Series:
    """What is counted under one combination of label values.

    Attributes:
        requests: how many.
        sizes: bytes by column; what no format has is absent.
        times: distributions by column; likewise.
        attempt_seconds: time in all attempts at upstreams.
    """

    __slots__ = ("attempt_seconds", "requests", "sizes", "times")

    def __init__(self) -> None:
        self.requests = 0
        self.sizes: dict[str, int] = {}
        self.times: dict[str, Distribution] = {}
        self.attempt_seconds = 0.0


class Totals:
    """All series.

    Args:
        label_names: what tells them apart.
        buckets: upper bounds in seconds, ascending.
        limit: how many there may be beside the one whose values are all `other`.

    Attributes:
        limited: how many requests went under `other` since there was no room.
        parse_errors: lines that fit no format.
    """

    __slots__ = ("_limit", "buckets", "label_names", "limited", "parse_errors", "series")

    def __init__(self, label_names: Sequence[str], buckets: Sequence[float], limit: int) -> None:
        self.label_names = tuple(label_names)
        self.buckets = tuple(buckets)
        self._limit = limit
        self.series: dict[LabelValues, Series] = {}
        self.limited = 0
        self.parse_errors = 0

    def of(self, values: LabelValues) -> tuple[Series, bool]:
        """Return the series of label values, and whether it is their own."""
        found = self.series.get(values)
        if found is not None:
            return found, True
        if len(self.series) < self._limit:
            found = self.series[values] = Series()
            return found, True
        others = (OTHER,) * len(values)
        return self.series.setdefault(others, Series()), False

    def bucket_of(self, seconds: float) -> int:
        """Return the index of the bucket that a time falls into; a bound is in its bucket."""
        return bisect_left(self.buckets, seconds)

    def classes(self) -> dict[str, int]:
        """Return the requests by class of status: `2xx`, `5xx`, `other`."""
        at = self.label_names.index("status")
        found: dict[str, int] = {}
        for values, series in self.series.items():
            status = values[at]
            name = OTHER if status == OTHER else f"{status[0]}xx"
            found[name] = found.get(name, 0) + series.requests
        return found

    def distribution(self) -> Distribution | None:
        """Return the times of all requests together; None where no format has them."""
        everything = Distribution(len(self.buckets))
        has_any = False
        for series in self.series.values():
            one = series.times.get(TIMES[0])
            if one is not None:
                has_any = True
                everything.counts = [
                    a + b for a, b in zip(everything.counts, one.counts, strict=True)
                ]
                everything.seconds += one.seconds
        return everything if has_any else None
