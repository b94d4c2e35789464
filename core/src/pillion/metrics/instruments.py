"""The instruments: what code counts with, bounded in the number of series.

One thread writes an instrument (an event loop, or the one loop of a synchronous process).
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, TypeVar

from pillion.metrics.model import Family, Kind, Sample, check_label_name, check_metric_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pillion.metrics.model import Labels, Source

SERIES_LIMIT = 1000
OTHER = "other"

DURATION_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Cell:
    """One series that is written: hold on to it where it is written often."""

    __slots__ = ("labels", "value")

    def __init__(self, labels: Labels = ()) -> None:
        self.labels = labels
        self.value: float = 0

    def inc(self, amount: float = 1) -> None:
        """Add `amount`."""
        self.value += amount

    def set(self, value: float) -> None:
        """Put `value` in the place of what was there (gauges)."""
        self.value = value


class _Instrument:
    """A family of cells, one for each combination of label values."""

    kind: Kind

    __slots__ = ("_cells", "_limit", "description", "label_names", "name")

    def __init__(
        self,
        name: str,
        description: str,
        labels: tuple[str, ...] = (),
        *,
        limit: int = SERIES_LIMIT,
    ) -> None:
        check_metric_name(name)
        for label in labels:
            check_label_name(label)
        self.name = name
        self.description = description
        self.label_names = labels
        self._limit = limit
        self._cells: dict[tuple[str, ...], Cell] = {}
        if not labels:
            self._cells[()] = Cell()

    def labelled(self, *values: str) -> Cell:
        """Return the cell of these label values, in the order of `label_names`.

        Past `limit` series every new combination is counted under `other`, so that what
        comes from outside cannot grow the process.
        """
        return self._cells.get(values) or self._new(values)

    def _new(self, values: tuple[str, ...]) -> Cell:
        if len(values) != len(self.label_names):
            raise ValueError(f"{self.name} has the labels {self.label_names}, not {values}")
        if len(self._cells) >= self._limit:
            values = (OTHER,) * len(values)
        labels = tuple(zip(self.label_names, values, strict=True))
        return self._cells.setdefault(values, Cell(labels))

    def forget(self, *values: str) -> None:
        """Drop the series of these label values, if it is there."""
        self._cells.pop(values, None)

    @property
    def value(self) -> float:
        """The value of an instrument without labels."""
        return self._cells[()].value

    def families(self) -> Iterator[Family]:
        """Yield the one family, with a sample for each series."""
        samples = [Sample(cell.value, cell.labels) for cell in self._cells.values()]
        yield Family(self.name, self.kind, self.description, samples)


class Counter(_Instrument):
    """A figure that only grows. Its name ends in `_total`."""

    kind: Kind = "counter"

    __slots__ = ()

    def inc(self, amount: float = 1) -> None:
        """Add to a counter that has no labels."""
        self._cells[()].value += amount


class Gauge(_Instrument):
    """A figure that goes up and down."""

    kind: Kind = "gauge"

    __slots__ = ()

    def set(self, value: float) -> None:
        """Set a gauge that has no labels."""
        self._cells[()].value = value

    def inc(self, amount: float = 1) -> None:
        """Add to a gauge that has no labels; a negative amount takes away."""
        self._cells[()].value += amount


class Histogram:
    """How often a figure fell into which range; mostly durations in seconds."""

    __slots__ = ("_bounds", "_counts", "_sum", "description", "labels", "name")

    def __init__(
        self,
        name: str,
        description: str,
        *,
        bounds: tuple[float, ...] = DURATION_BUCKETS,
        labels: Labels = (),
    ) -> None:
        check_metric_name(name)
        self.name = name
        self.description = description
        self.labels = labels
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count `value` into its bucket."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def families(self) -> Iterator[Family]:
        """Yield the one family: cumulative buckets, sum and count."""
        samples = []
        running = 0
        for bound, count in zip((*self._bounds, None), self._counts, strict=True):
            running += count
            le = "+Inf" if bound is None else repr(float(bound))
            samples.append(Sample(running, (*self.labels, ("le", le)), "_bucket"))
        samples.append(Sample(self._sum, self.labels, "_sum"))
        samples.append(Sample(running, self.labels, "_count"))
        yield Family(self.name, "histogram", self.description, samples)


T = TypeVar("T", Counter, Gauge, Histogram)


class Registry:
    """All that one process exposes, in the order in which it was added."""

    __slots__ = ("_names", "_sources")

    def __init__(self) -> None:
        self._sources: list[Source] = []
        self._names: set[str] = set()

    def counter(
        self,
        name: str,
        description: str,
        labels: tuple[str, ...] = (),
        *,
        limit: int = SERIES_LIMIT,
    ) -> Counter:
        """Make a counter and add it."""
        return self._own(Counter(name, description, labels, limit=limit))

    def gauge(
        self,
        name: str,
        description: str,
        labels: tuple[str, ...] = (),
        *,
        limit: int = SERIES_LIMIT,
    ) -> Gauge:
        """Make a gauge and add it."""
        return self._own(Gauge(name, description, labels, limit=limit))

    def histogram(
        self, name: str, description: str, *, bounds: tuple[float, ...] = DURATION_BUCKETS
    ) -> Histogram:
        """Make a histogram and add it."""
        return self._own(Histogram(name, description, bounds=bounds))

    def add(self, source: Source) -> None:
        """Add whatever gives families at a scrape."""
        self._sources.append(source)

    def families(self) -> Iterable[Family]:
        """Yield the families of all sources, in order."""
        for source in self._sources:
            yield from source.families()

    def _own(self, instrument: T) -> T:
        if instrument.name in self._names:
            raise ValueError(f"{instrument.name} is registered already")
        self._names.add(instrument.name)
        self._sources.append(instrument)
        return instrument
