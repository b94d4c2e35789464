"""Metrics as text: the Prometheus text format 0.0.4 and OpenMetrics 1.0. Pure.

What is written are prometheus-client's `Metric` values, from a registry's `collect()` or any other
iterable. Its own writer is not used: it cannot type `nginx_connections_accepted`, a counter
without `_total`, as a counter, and takes more than twice the CPU.

In both formats:

- metrics of one name are written as one, under the first one's description; of two series with
  the same labels the first one counts;
- `_created` series and native histograms are left out;
- a character that these formats do not allow in a name is written as `_`.
"""

from __future__ import annotations

import re
from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pillion.metrics.negotiation import OPENMETRICS, TEXT, negotiate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client.metrics_core import Metric
    from prometheus_client.samples import Exemplar, Sample

_NOT_IN_A_NAME = re.compile(r"^[0-9]|[^a-zA-Z0-9_:]")
_NOT_IN_A_LABEL_NAME = re.compile(r"^[0-9]|[^a-zA-Z0-9_]")
_TEXT_TYPES = {"info": "gauge", "stateset": "gauge", "unknown": "untyped"}
_NOT_FINITE = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}
_WITH_CREATED = ("counter", "histogram", "summary")


class _Head(NamedTuple):
    """What stands above the samples of a metric.

    Attributes:
        name: as its HELP and TYPE lines have it.
        type: likewise.
        lines: those lines.
        created: the name of the samples that are left out; empty when there are none.
        needs_escaping: whether the name of the first sample does.
    """

    name: str
    type: str
    lines: str
    created: str
    needs_escaping: bool


def exposed(accept: str, metrics: Iterable[Metric]) -> tuple[str, str]:
    """Return the text that an `Accept` header asks for, and its content type."""
    if accept and negotiate(accept) == OPENMETRICS:
        return openmetrics(metrics), OPENMETRICS
    return text(metrics), TEXT


def text(metrics: Iterable[Metric]) -> str:
    """Return the metrics in the Prometheus text format 0.0.4.

    Raises:
        ValueError: two metrics of one name have different types.
    """
    return "".join(_lines(_without_gauge_histograms(metrics), _text_head, _text_end))


def openmetrics(metrics: Iterable[Metric]) -> str:
    """Return the metrics as OpenMetrics 1.0, with exemplars, and its closing `# EOF`.

    A counter without `_total` is written as `unknown`, the one type that lets its series keep
    their name.

    Raises:
        ValueError: two metrics of one name have different types.
    """
    return "".join(_lines(metrics, _openmetrics_head, _openmetrics_end)) + "# EOF\n"


def _lines(
    metrics: Iterable[Metric],
    head_of: Callable[[str, str, str, str, str], _Head],
    end_of: Callable[[Sample], str],
) -> list[str]:
    metrics = list(metrics)
    lines: list[str] = []
    names: set[str] = set()
    for metric in metrics:
        samples = metric.samples
        first = samples[0][0] if samples else ""
        name, _, opening, left_out, needs_escaping = head_of(
            metric.name, metric.type, metric.documentation, metric.unit, first
        )
        if name in names:
            return _lines(_joined(metrics, head_of), head_of, end_of)
        names.add(name)
        lines.append(opening)
        for sample in samples:
            series, labels, value, timestamp, exemplar, native = sample
            if series == left_out or native is not None:
                continue
            if needs_escaping or series is not first:
                series = _name(series)
            if labels:
                series += label_set(labels)
            figure = value if type(value) is int else number(value)
            end = "\n" if timestamp is None and exemplar is None else end_of(sample)
            lines.append(f"{series} {figure}{end}")
    return lines


def _joined(
    metrics: Iterable[Metric], head_of: Callable[[str, str, str, str, str], _Head]
) -> list[Metric]:
    """Return the metrics with those of one name made one, each series once."""
    found: dict[str, tuple[_Head, Metric]] = {}
    series: dict[str, dict[tuple[object, ...], Sample]] = {}
    for metric in metrics:
        first = metric.samples[0].name if metric.samples else ""
        head = head_of(metric.name, metric.type, metric.documentation, metric.unit, first)
        known, _ = found.setdefault(head.name, (head, metric))
        if known.type != head.type:
            raise ValueError(
                f"the metric {head.name} is there twice: as {known.type} and as {head.type}"
            )
        of_it = series.setdefault(head.name, {})
        for sample in metric.samples:
            of_it.setdefault((sample.name, *sorted(sample.labels.items())), sample)
    joined = []
    for name, (_, metric) in found.items():
        one = copy(metric)
        one.samples = list(series[name].values())
        joined.append(one)
    return joined


def _without_gauge_histograms(metrics: Iterable[Metric]) -> Iterator[Metric]:
    """Yield what the text format has types for: a gauge histogram is a histogram and two gauges."""
    for metric in metrics:
        if metric.type == "gaugehistogram":
            yield from _histogram_and_gauges(metric)
        else:
            yield metric


def _histogram_and_gauges(metric: Metric) -> Iterator[Metric]:
    from prometheus_client.metrics_core import Metric  # loaded already  # noqa: PLC0415

    name = metric.name
    for suffix, kind in (("", "histogram"), ("_gcount", "gauge"), ("_gsum", "gauge")):
        part = Metric(name + suffix, metric.documentation, kind)
        part.samples = [s for s in metric.samples if s.name == name + (suffix or "_bucket")]
        if part.samples:
            yield part


# What a process exposes hardly changes from one scrape to the next, so its heads are put together
# once.
@lru_cache(maxsize=1024)
def _text_head(name: str, kind: str, description: str, _unit: str, first: str) -> _Head:
    exposed = name
    if kind == "counter" and first != name:
        exposed = f"{name.removesuffix('_total')}_total"
    elif kind == "info":
        exposed = f"{name.removesuffix('_info')}_info"
    exposed, written = _name(exposed), _TEXT_TYPES.get(kind, kind)
    described = description.replace("\\", r"\\").replace("\n", r"\n")
    lines = f"# HELP {exposed} {described}\n# TYPE {exposed} {written}\n"
    return _Head(exposed, written, lines, _created(name, kind), _name(first) != first)


@lru_cache(maxsize=1024)
def _openmetrics_head(name: str, kind: str, description: str, unit: str, first: str) -> _Head:
    exposed, written = name, kind
    if kind == "counter":
        exposed = name.removesuffix("_total")
        written = "counter" if not first or first == f"{exposed}_total" else "unknown"
    elif kind == "info":
        exposed = name.removesuffix("_info")
    exposed = _name(exposed)
    lines = f"# HELP {exposed} {_escape(description)}\n# TYPE {exposed} {written}\n"
    if unit and written != "unknown":
        lines += f"# UNIT {exposed} {unit}\n"
    return _Head(exposed, written, lines, _created(name, kind), _name(first) != first)


def _created(name: str, kind: str) -> str:
    return f"{name.removesuffix('_total')}_created" if kind in _WITH_CREATED else ""


def _text_end(sample: Sample) -> str:
    if sample.timestamp is None:
        return "\n"
    return f" {int(float(sample.timestamp) * 1000)}\n"


def _openmetrics_end(sample: Sample) -> str:
    end = "" if sample.timestamp is None else f" {sample.timestamp}"
    if sample.exemplar is not None and sample.name.endswith(("_total", "_bucket")):
        end += _exemplar(sample.exemplar)
    return f"{end}\n"


def _exemplar(exemplar: Exemplar) -> str:
    at = "" if exemplar.timestamp is None else f" {exemplar.timestamp}"
    return f" # {label_set(exemplar.labels) or '{}'} {number(exemplar.value)}{at}"


def number(value: float) -> str:
    """Return a sample's value as both formats write it."""
    written = repr(float(value))
    if written.endswith(".0"):
        return written[:-2]
    return _NOT_FINITE.get(written, written)


@lru_cache(maxsize=1024)
def _name(name: str) -> str:
    return _NOT_IN_A_NAME.sub("_", name)


@lru_cache(maxsize=1024)
def _label_name(name: str) -> str:
    return _NOT_IN_A_LABEL_NAME.sub("_", name)


def label_set(labels: dict[str, str]) -> str:
    """Return labels as both formats write them, braces included."""
    pairs = [f'{_label_name(name)}="{_escape(labels[name])}"' for name in labels]
    return "{" + ",".join(pairs) + "}"


def _escape(value: str) -> str:
    if value.isalnum():
        return value
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
