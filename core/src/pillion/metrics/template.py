"""A metric that is exposed again and again: checked once, then filled with samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import Metric

if TYPE_CHECKING:
    from prometheus_client.core import Sample


class MetricTemplate:
    """Makes metrics that differ in their samples alone, at half of what `Metric` takes.

    Raises, when it is made:
        ValueError: the name or the type is none.
    """

    __slots__ = ("documentation", "name", "type", "unit")

    def __init__(self, name: str, documentation: str, kind: str) -> None:
        checked = Metric(name, documentation, kind)
        self.name = checked.name
        self.documentation = checked.documentation
        self.unit = checked.unit
        self.type = checked.type

    def filled(self, samples: list[Sample]) -> Metric:
        """Return the metric with samples."""
        metric = Metric.__new__(Metric)  # no check; `vars(metric).update` takes thrice as long
        metric.name = self.name
        metric.documentation = self.documentation
        metric.unit = self.unit
        metric.type = self.type
        metric.samples = samples
        return metric
