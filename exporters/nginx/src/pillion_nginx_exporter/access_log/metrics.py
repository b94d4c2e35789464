"""The totals as metrics, under the names of prometheus-nginxlog-exporter."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client.core import Metric, Sample

from pillion.metrics.exposition import number
from pillion_nginx_exporter.access_log.columns import (
    CONNECT_TIME,
    REQUEST_SIZE,
    RESPONSE_SIZE,
    TIME,
    UPSTREAM_TIME,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pillion_nginx_exporter.access_log.totals import LabelValues, Times, Totals

_SIZES = {
    RESPONSE_SIZE: ("http_response_size_bytes", "Bytes sent to clients."),
    REQUEST_SIZE: ("http_request_size_bytes", "Bytes received from clients."),
}
_TIMES = {
    TIME: ("http_response_time_seconds_hist", "Time from the first byte to the log entry."),
    UPSTREAM_TIME: (
        "http_upstream_time_seconds_hist",
        "Time of the last attempt at an upstream.",
    ),
    CONNECT_TIME: (
        "http_upstream_connect_time_seconds_hist",
        "Time to connect, of the last attempt at an upstream.",
    ),
}


def metrics(
    totals: Totals, namespace: str, constant: Mapping[str, str], more: Mapping[str, str]
) -> Iterator[Metric]:
    """Yield the metrics of the totals.

    Args:
        totals: what was counted.
        namespace: what the names begin with.
        constant: labels on every series.
        more: labels on every series of requests.
    """
    prefix = f"{namespace}_" if namespace else ""
    names = totals.measured_names

    def labelled(values: LabelValues, names: tuple[str, ...] = names) -> dict[str, str]:
        return {**dict(zip(names, values, strict=True)), **more, **constant}

    name = f"{prefix}http_response_count_total"
    yield _counter(
        name,
        "Requests answered.",
        [
            Sample(name, labelled(values, totals.label_names), requests)
            for values, requests in totals.counted()
        ],
    )
    for column, (suffix, description) in _SIZES.items():
        name = prefix + suffix
        samples = [Sample(name, labelled(values), size) for values, size in totals.sized(column)]
        if samples:
            yield _counter(name, description, samples)
    for column, (suffix, description) in _TIMES.items():
        series = [(labelled(values), index) for values, index in totals.timed(column)]
        if series:
            metric = Metric(prefix + suffix, description, "histogram")
            metric.samples = _buckets(metric.name, totals.times[column], series, totals.buckets)
            yield metric
    name = f"{prefix}http_upstream_attempts_seconds_total"
    attempts = [
        Sample(name, labelled(values), totals.attempt_seconds[index])
        for values, index in totals.timed(UPSTREAM_TIME)
    ]
    if attempts:
        yield _counter(name, "Time of all attempts at upstreams, retries included.", attempts)
    name = f"{prefix}parse_errors_total"
    yield _counter(
        name, "Lines that fit no format.", [Sample(name, dict(constant), totals.parse_errors)]
    )


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
) -> list[Sample]:
    texts = [*map(number, bounds), "+Inf"]
    samples = []
    for labels, index in series:
        counts = list(accumulate(times.of(index)))
        samples += [
            Sample(f"{name}_bucket", {**labels, "le": text}, count)
            for text, count in zip(texts, counts, strict=True)
        ]
        samples.append(Sample(f"{name}_sum", labels, times.seconds[index]))
        samples.append(Sample(f"{name}_count", labels, counts[-1]))
    return samples
