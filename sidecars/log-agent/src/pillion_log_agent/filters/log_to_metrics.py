"""The filter `log_to_metrics`: counts records, or observes a number in them, on /metrics.

Source: fluent-bit's manual, "Log to metrics".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from pillion.errors import ConfigurationError
from pillion.settings import Kind, optional, repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, PAIR, TEXT, choice
from pillion_log_agent.filters.grep import RULE
from pillion_log_agent.records.accessor import parse_accessor
from pillion_log_agent.records.wire import from_wire, json_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.filters.grep import Rule
    from pillion_log_agent.records.accessor import Accessor
    from pillion_log_agent.records.batch import Batch

MOST_SERIES = 2000
LONGEST_VALUE = 256
OVERFLOW = "_overflow"
"""What every label says of the series that takes what comes once there are too many."""
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_OF_KUBERNETES = ("namespace_name", "pod_name", "container_name", "docker_id", "pod_id")
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_]")


def _bucket(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("is no number") from None


BUCKET: Kind[float] = Kind("NUMBER", _bucket, lambda bound: f"{bound:g}")


@dataclass(frozen=True, slots=True)
class LogToMetricsProperties:
    """The properties of `log_to_metrics`."""

    metric_mode: str = setting(
        "metric_mode", choice("counter", "gauge", "histogram"), "What is made.", default="counter"
    )
    metric_name: str = setting("metric_name", TEXT, "The name.", default="a")
    metric_namespace: str = setting(
        "metric_namespace", TEXT, "What stands before it.", default="log_metric"
    )
    metric_subsystem: str = setting(
        "metric_subsystem", TEXT, "What stands between the two; the mode if not given.", default=""
    )
    metric_description: str = setting("metric_description", TEXT, "The help text.", default="")
    value_field: str | None = optional(
        "value_field", TEXT, "The field of the number, for gauge and histogram."
    )
    regex: tuple[Rule, ...] = repeated("regex", RULE, "Only records whose field has the pattern.")
    exclude: tuple[Rule, ...] = repeated("exclude", RULE, "No records whose field has it.")
    add_label: tuple[tuple[str, ...], ...] = repeated(
        "add_label", PAIR, "A label: its name, and the field of its value."
    )
    label_field: tuple[str, ...] = repeated("label_field", TEXT, "A field that becomes a label.")
    kubernetes_mode: bool = setting(
        "kubernetes_mode",
        FLAG,
        "Add labels of the pod, as the filter kubernetes gives them.",
        default=False,
    )
    bucket: tuple[float, ...] = repeated("bucket", BUCKET, "A bound of a histogram.")
    discard_logs: bool = setting(
        "discard_logs", FLAG, "Take the records out behind this filter.", default=False
    )


class Series:
    """What was observed under one set of label values."""

    __slots__ = ("counts", "total", "value")

    def __init__(self, buckets: int) -> None:
        self.value = 0.0
        self.total = 0.0
        self.counts = [0] * (buckets + 1)


class LogToMetricsFilter:
    """Counts records; they go on as they are."""

    def __init__(self, properties: LogToMetricsProperties, context: FilterContext) -> None:
        self._mode = properties.metric_mode
        subsystem = properties.metric_subsystem or properties.metric_mode
        self.name = "_".join(
            part
            for part in (properties.metric_namespace, subsystem, properties.metric_name)
            if part
        )
        if not _NAME.fullmatch(self.name):
            raise ConfigurationError(
                f"metric_name: {self.name!r} is no name of a metric; it has letters, digits and _"
            )
        if self._mode != "counter" and properties.value_field is None:
            raise ConfigurationError(f"value_field is missing; {self._mode} needs it")
        self._help = properties.metric_description or f"From records, by {context.name}."
        self._value = parse_accessor(properties.value_field) if properties.value_field else None
        self._labels = _labels(properties)
        self._buckets = sorted(properties.bucket or BUCKETS)
        self._regex, self._exclude = properties.regex, properties.exclude
        self._discards = properties.discard_logs
        self._series: dict[tuple[str, ...], Series] = {}
        self._log = context.log
        self._is_full = False

    def apply(self, batch: Batch) -> Batch:
        """Return the batch as it is, or empty with `discard_logs`."""
        wanted = [rule.verdicts(batch) for rule in self._regex]
        unwanted = [rule.verdicts(batch) for rule in self._exclude]
        columns = [field.column(batch) for _, field in self._labels]
        values = self._value.column(batch) if self._value is not None else [1] * len(batch)
        for index, value in enumerate(values):
            if not all(row[index] for row in wanted) or any(row[index] for row in unwanted):
                continue
            number = _number(value)
            if number is not None:
                self._observe(tuple(_text(column[index]) for column in columns), number)
        return batch.select([]) if self._discards else batch

    def collect(self) -> Iterable[Metric]:
        """Return the metric."""
        names = [name for name, _ in self._labels]
        if self._mode == "histogram":
            histogram = HistogramMetricFamily(self.name, self._help, labels=names)
            for labels, series in self._series.items():
                histogram.add_metric(labels, self._bounds(series), series.total)
            return (histogram,)
        family = CounterMetricFamily if self._mode == "counter" else GaugeMetricFamily
        metric = family(self.name, self._help, labels=names)
        for labels, series in self._series.items():
            metric.add_metric(labels, series.value)
        return (metric,)

    def _bounds(self, series: Series) -> list[tuple[str, float]]:
        found: list[tuple[str, float]] = []
        count = 0
        for bound, more in zip([*self._buckets, float("inf")], series.counts, strict=True):
            count += more
            found.append(("+Inf" if bound == float("inf") else repr(bound), count))
        return found

    def _observe(self, labels: tuple[str, ...], value: float) -> None:
        series = self._series.get(labels)
        if series is None:
            series = self._new_series(labels)
        if self._mode == "counter":
            series.value += 1
        elif self._mode == "gauge":
            series.value = value
        else:
            series.total += value
            series.counts[bisect_left(self._buckets, value)] += 1

    def _new_series(self, labels: tuple[str, ...]) -> Series:
        if len(self._series) >= MOST_SERIES:
            labels = (OVERFLOW,) * len(labels)
            if not self._is_full:
                self._is_full = True
                self._log.warning(
                    "a metric has too many label values; further ones are counted together",
                    metric=self.name,
                    series=MOST_SERIES,
                )
        return self._series.setdefault(labels, Series(len(self._buckets)))


def _labels(properties: LogToMetricsProperties) -> list[tuple[str, Accessor]]:
    found: dict[str, Accessor] = {}
    if properties.kubernetes_mode:
        for name in _OF_KUBERNETES:
            found[name] = parse_accessor(f"$kubernetes['{name}']")
    for pair in properties.add_label:
        found[_NOT_IN_A_NAME.sub("_", pair[0])] = parse_accessor(pair[1])
    for text in properties.label_field:
        field = parse_accessor(text)
        found[_NOT_IN_A_NAME.sub("_", "_".join(str(part) for part in field.path))] = field
    if wrong := [name for name in found if not _NAME.fullmatch(name)]:
        raise ConfigurationError(f"add_label: {wrong[0]!r} is no name of a label")
    return list(found.items())


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number == number else None  # noqa: PLR0124  # not a number


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else from_wire(json_of(value)).decode()
    return text[:LONGEST_VALUE].encode("utf-8", "replace").decode()


LOG_TO_METRICS = Declaration(
    name="log_to_metrics",
    summary="Counts records, or observes a number in them, on /metrics.",
    properties=LogToMetricsProperties,
    accepted={
        "tag": "metrics have no tag here",
        **dict.fromkeys(
            ("emitter_name", "emitter_mem_buf_limit"), "metrics are not sent through the pipeline"
        ),
        **dict.fromkeys(
            ("flush_interval_sec", "flush_interval_nsec"), "a scrape sees what there is then"
        ),
    },
    build=LogToMetricsFilter,
)
