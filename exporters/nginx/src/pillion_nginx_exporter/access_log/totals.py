"""The counters: an index for each combination of label values, and lists beside it. Pure."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from pillion.metrics.bounded import OTHER
from pillion_nginx_exporter.access_log.columns import SIZES, STATUS, TIME, TIMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pillion_nginx_exporter.access_log.fields import Value

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LONG_BUCKETS = (30.0, 60.0)

NO_TIME = 0

LabelValues = tuple[str, ...]


class Times:
    """A histogram for each series.

    Attributes:
        width: counts of one series: what was no time, the buckets, and what lies above the last.
        counts: of all series, one after the other; not cumulative.
        seconds: the sum for each series.
    """

    __slots__ = ("counts", "seconds", "width")

    def __init__(self, bounds: int) -> None:
        self.width = bounds + 2
        self.counts: list[int] = []
        self.seconds: list[float] = []

    def grow(self) -> None:
        """Make room for one more series."""
        self.counts += [0] * self.width
        self.seconds.append(0.0)

    def of(self, index: int) -> list[int]:
        """Return the counts of a series, without what was no time."""
        return self.counts[index * self.width + 1 : (index + 1) * self.width]


class Totals:
    """All series; index 0 is for those that there is no room for.

    Args:
        label_names: what tells them apart.
        buckets: upper bounds in seconds, ascending.
        limit: how many there may be beside the one whose values are all `other`.
        only_counter: labels that only the count of requests has.

    Attributes:
        parse_errors: lines that fit no format.
        requests: how many, by index.
        measured: for each index, that of the series whose sizes and times it counts into: the
            same without labels of `only_counter`.
        sizes: bytes by column, each by index.
        has: which indexes have such a size at all.
        times: histograms by column.
        attempt_seconds: time in all attempts at upstreams, by index.
        exemplars: by index into the counts of all times, what an identifier is called, it, and the
            seconds of its request.
    """

    def __init__(
        self,
        label_names: Sequence[str],
        buckets: Sequence[float],
        limit: int,
        only_counter: Sequence[str] = (),
    ) -> None:
        self.label_names = tuple(label_names)
        self.buckets = tuple(buckets)
        self.measured_names = tuple(name for name in label_names if name not in only_counter)
        self._at = tuple(label_names.index(name) for name in self.measured_names)
        self._limit = limit
        self.parse_errors = 0
        self.requests: list[int] = []
        self.measured: list[int] = []
        self.sizes: dict[str, list[int]] = {name: [] for name in SIZES}
        self.times = {name: Times(len(self.buckets)) for name in TIMES}
        self.attempt_seconds: list[float] = []
        self.exemplars: dict[int, tuple[str, Value, float]] = {}
        self._indexes: dict[LabelValues, int] = {}
        self._measured_indexes: dict[LabelValues, int] = {}
        self.has: dict[str, set[int]] = {name: set() for name in SIZES}
        self._add((OTHER,) * len(self.label_names))
        self._indexes.clear()  # such values have an index of their own, where there is room

    def index_of(self, values: LabelValues) -> int:
        """Return the index of label values."""
        index = self._indexes.get(values)
        if index is None:
            index = self._add(values) if len(self._indexes) < self._limit else 0
        return index

    def slot_of(self, seconds: float) -> int:
        """Return where in the counts of a series a time counts; a bound is in its bucket."""
        return bisect_left(self.buckets, seconds) + 1

    @property
    def limited(self) -> int:
        """How many requests went under `other` since there was no room."""
        return self.requests[0]

    def counted(self) -> Iterator[tuple[LabelValues, int]]:
        """Yield label values and how many requests."""
        others = (OTHER,) * len(self.label_names)
        if self.limited and others not in self._indexes:
            yield others, self.limited
        for values, index in self._indexes.items():
            yield values, self.requests[index] + (self.limited if values == others else 0)

    def sized(self, column: str) -> Iterator[tuple[LabelValues, int]]:
        """Yield label values without those of the counter alone, and the index into the sizes."""
        for values, index in self._measured_indexes.items():
            if index in self.has[column]:
                yield values, index

    def timed(self, column: str) -> Iterator[tuple[LabelValues, int]]:
        """Yield label values likewise, and the index into the times of a column."""
        times = self.times[column]
        for values, index in self._measured_indexes.items():
            if any(times.of(index)):
                yield values, index

    def classes(self) -> dict[str, int]:
        """Return the requests by class of status: `2xx`, `5xx`, `other`."""
        at = self.label_names.index(STATUS)
        found: dict[str, int] = {}
        for values, requests in self.counted():
            status = values[at]
            name = f"{status[0]}xx" if status.isdigit() else OTHER
            found[name] = found.get(name, 0) + requests
        return found

    def distribution(self) -> list[int]:
        """Return the counts of the times of all requests together."""
        times = self.times[TIME]
        return [sum(times.counts[at :: times.width]) for at in range(1, times.width)]

    def _add(self, values: LabelValues) -> int:
        index = self._indexes[values] = len(self.requests)
        self.requests.append(0)
        narrow = tuple(values[at] for at in self._at)
        self.measured.append(self._measured_indexes.setdefault(narrow, len(self.attempt_seconds)))
        if self.measured[-1] == len(self.attempt_seconds):
            self.attempt_seconds.append(0.0)
            for sizes in self.sizes.values():
                sizes.append(0)
            for times in self.times.values():
                times.grow()
        return index
