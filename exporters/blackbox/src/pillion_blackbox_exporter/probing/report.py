"""The metrics of one probe, held as figures: a registry for each probe would cost more."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from prometheus_client.core import Metric, Sample

if TYPE_CHECKING:
    from collections.abc import Iterable

_BY_NAME = attrgetter("name")


class Gauge:
    """A metric that a prober may report; defined once, as a constant beside the prober.

    Attributes:
        name: as it is exposed.
        description: one line for people.
    """

    __slots__ = ("description", "name")

    def __init__(self, name: str, description: str) -> None:
        self.name = name
        self.description = description


class Report:
    """What a probe found, by metric; a metric that was never set is not there."""

    __slots__ = ("_labelled", "_values")

    def __init__(self) -> None:
        self._values: dict[Gauge, float] = {}
        self._labelled: dict[Gauge, dict[tuple[tuple[str, str], ...], float]] = {}

    def set(self, gauge: Gauge, value: float) -> None:
        """Set a metric without labels."""
        self._values[gauge] = value

    def get(self, gauge: Gauge) -> float | None:
        """Return what a metric without labels was set to, or None."""
        return self._values.get(gauge)

    def label(self, gauge: Gauge, labels: Iterable[tuple[str, str]], value: float) -> None:
        """Set one series of a metric with labels; the labels are written in this order."""
        self._labelled.setdefault(gauge, {})[tuple(labels)] = value

    def drop(self, gauge: Gauge) -> None:
        """Take a metric out again."""
        self._values.pop(gauge, None)
        self._labelled.pop(gauge, None)

    def replace(self, gauge: Gauge, labels: Iterable[tuple[str, str]], value: float) -> None:
        """Set the only series of a metric with labels, instead of what it had."""
        self._labelled.pop(gauge, None)
        self.label(gauge, labels, value)

    def collect(self) -> list[Metric]:
        """Return the metrics in alphabetical order."""
        metrics = [
            _metric(gauge, [Sample(gauge.name, {}, value)]) for gauge, value in self._values.items()
        ]
        metrics += [
            _metric(gauge, [Sample(gauge.name, dict(pairs), v) for pairs, v in series.items()])
            for gauge, series in self._labelled.items()
        ]
        return sorted(metrics, key=_BY_NAME)


def _metric(gauge: Gauge, samples: list[Sample]) -> Metric:
    # GaugeMetricFamily takes three times as long.
    metric = Metric(gauge.name, gauge.description, "gauge")
    metric.samples = samples
    return metric
