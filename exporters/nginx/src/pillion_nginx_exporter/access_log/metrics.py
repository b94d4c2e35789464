"""The totals as metrics."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client.core import Exemplar, Metric, Sample

from pillion.metrics.exposition import number
from pillion_nginx_exporter.access_log import fields
from pillion_nginx_exporter.access_log.columns import (
    CONNECT_TIME,
    REQUEST_SIZE,
    RESPONSE_SIZE,
    TIME,
    UPSTREAM_TIME,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pillion_nginx_exporter.access_log.fields import Value
    from pillion_nginx_exporter.access_log.names import Names
    from pillion_nginx_exporter.access_log.totals import LabelValues, Times, Totals

_SIZES = {
    RESPONSE_SIZE: "Bytes sent to clients.",
    REQUEST_SIZE: "Bytes received from clients.",
}
_TIMES = {
    TIME: "Time from the first byte to the log entry.",
    UPSTREAM_TIME: "Time of the last attempt at an upstream.",
    CONNECT_TIME: "Time to connect, of the last attempt at an upstream.",
}


def metrics(
    totals: Totals, called: Names, constant: Mapping[str, str], more: Mapping[str, str]
) -> Iterator[Metric]:
    """Yield the metrics of the totals.

    Args:
        totals: what was counted.
        called: the names.
        constant: labels on every series.
        more: labels on every series of requests.
    """
    names = totals.measured_names

    def labelled(values: LabelValues, names: tuple[str, ...] = names) -> dict[str, str]:
        return {**dict(zip(names, values, strict=True)), **more, **constant}

    yield _counter(
        called.requests,
        "Requests answered.",
        [
            Sample(called.requests, labelled(values, totals.label_names), requests)
            for values, requests in totals.counted()
        ],
    )
    for column, description in _SIZES.items():
        name = called.sizes[column]
        sizes = [(labelled(values), index) for values, index in totals.sized(column)]
        if sizes and called.has_size_histograms:
            yield _size_histogram(name, description, totals, column, sizes)
        elif sizes:
            bytes_by = totals.sizes[column]
            samples = [Sample(name, labels, bytes_by[index]) for labels, index in sizes]
            yield _counter(name, description, samples)
    for column, description in _TIMES.items():
        series = [(labelled(values), index) for values, index in totals.timed(column)]
        if series:
            metric = Metric(called.times[column], description, "histogram")
            exemplars = totals.exemplars if column == TIME else {}
            metric.samples = _buckets(
                metric.name, totals.times[column], series, totals.buckets, exemplars
            )
            yield metric
    attempts = [
        Sample(called.attempts, labelled(values), totals.attempt_seconds[index])
        for values, index in totals.timed(UPSTREAM_TIME)
    ]
    if attempts:
        description = "Time of all attempts at upstreams, retries included."
        yield _counter(called.attempts, description, attempts)
    errors = Sample(called.parse_errors, dict(constant), totals.parse_errors)
    yield _counter(called.parse_errors, "Lines that fit no format.", [errors])


def _size_histogram(
    name: str,
    description: str,
    totals: Totals,
    column: str,
    series: list[tuple[dict[str, str], int]],
) -> Metric:
    """Return a histogram of one bucket: sum and count are what is known."""
    requests: dict[int, int] = {}
    for index, measured in enumerate(totals.measured):
        requests[measured] = requests.get(measured, 0) + totals.requests[index]
    metric = Metric(name, description, "histogram")
    for labels, index in series:
        metric.samples += [
            Sample(f"{name}_bucket", {**labels, "le": "+Inf"}, requests[index]),
            Sample(f"{name}_sum", labels, totals.sizes[column][index]),
            Sample(f"{name}_count", labels, requests[index]),
        ]
    return metric


def _counter(name: str, description: str, samples: list[Sample]) -> Metric:
    # Metric, and not CounterMetricFamily, which adds `_total` to names that have none.
    metric = Metric(name, description, "counter")
    metric.samples = samples
    return metric


def _buckets(
    name: str,
    times: Times,
    series: list[tuple[dict[str, str], int]],
    bounds: tuple[float, ...],
    exemplars: Mapping[int, tuple[str, Value, float]],
) -> list[Sample]:
    texts = [*map(number, bounds), "+Inf"]
    samples = []
    for labels, index in series:
        counts = list(accumulate(times.of(index)))
        begin = index * times.width + 1
        samples += [
            Sample(
                f"{name}_bucket",
                {**labels, "le": text},
                count,
                exemplar=_exemplar(exemplars.get(begin + at)),
            )
            for at, (text, count) in enumerate(zip(texts, counts, strict=True))
        ]
        samples.append(Sample(f"{name}_sum", labels, times.seconds[index]))
        samples.append(Sample(f"{name}_count", labels, counts[-1]))
    return samples


def _exemplar(found: tuple[str, Value, float] | None) -> Exemplar | None:
    if found is None:
        return None
    name, field, seconds = found
    identifier = fields.identifier(fields.text_of(field))
    return Exemplar({name: identifier}, seconds) if identifier else None
