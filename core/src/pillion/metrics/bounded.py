"""A bound on the number of series, for labels whose values come from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from prometheus_client.metrics import MetricWrapperBase

SERIES_LIMIT = 1000
OTHER = "other"

M = TypeVar("M", bound="MetricWrapperBase")


class BoundedSeries(Generic[M]):
    """A labelled metric that has at most `limit` series and one more.

        hits = BoundedSeries(Counter("hits_total", "Hits.", ["path"], registry=registry), limit=100)
        hits.labels("/").inc()

    Every combination of label values past the limit counts into the series whose label values are
    all `other`, so that what comes from outside cannot grow the process.
    """

    __slots__ = ("_children", "_limit", "_metric")

    def __init__(self, metric: M, *, limit: int = SERIES_LIMIT) -> None:
        """Bound a metric that has labels and no series yet."""
        self._metric = metric
        self._limit = limit
        self._children: dict[tuple[object, ...], M] = {}

    def labels(self, *values: object, **named: object) -> M:
        """Return the series of these label values; see `labels` of prometheus-client's metrics.

        Raises:
            ValueError: these are not the labels of the metric.
        """
        key = (*map(str, values), *sorted(named.items()))
        child = self._children.get(key)
        if child is None:
            if len(self._children) >= self._limit:
                others = dict.fromkeys(named, OTHER)
                return self._metric.labels(*(OTHER for _ in values), **others)
            child = self._children[key] = self._metric.labels(*values, **named)
        return child

    def remove(self, *values: object) -> None:
        """Drop the series of these label values, if it is there; it makes room for another."""
        self._metric.remove(*values)
        self._children.pop(tuple(map(str, values)), None)
