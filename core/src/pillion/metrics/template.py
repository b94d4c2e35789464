"""A metric that is exposed again and again: checked once, then filled with samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import Metric

if TYPE_CHECKING:
    from prometheus_client.core import Sample


class MetricTemplate:
    """Makes metrics that differ in their samples alone, at a third of what `Metric` takes.

    Raises, when it is made:
        ValueError: the name or the type is none.
    """

    __slots__ = ("_attributes", "name", "type")

    def __init__(self, name: str, description: str, kind: str) -> None:
        metric = Metric(name, description, kind)
        self.name, self.type = metric.name, metric.type
        self._attributes = vars(metric)

    def filled(self, samples: list[Sample]) -> Metric:
        """Return the metric with samples."""
        metric = Metric.__new__(Metric)
        attributes = vars(metric)
        attributes.update(self._attributes)
        attributes["samples"] = samples
        return metric
