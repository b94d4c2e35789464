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

    from pillion_nginx_exporter.access_log.totals import Series, Totals

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


def metrics(totals: Totals, namespace: str, constant: Mapping[str, str]) -> Iterator[Metric]:
    """Yield the metrics of the totals.

    Args:
        totals: what was counted.
        namespace: what the names begin with.
        constant: labels on every series.
    """
    prefix = f"{namespace}_" if namespace else ""
    series = [
        ({**dict(zip(totals.label_names, values, strict=True)), **constant}, one)
        for values, one in totals.series.items()
    ]
    name = f"{prefix}http_response_count_total"
    yield _counter(
        name, "Requests answered.", [Sample(name, labels, one.requests) for labels, one in series]
    )
    for column, (suffix, description) in _SIZES.items():
        name = prefix + suffix
        samples = [
            Sample(name, labels, one.sizes[column]) for labels, one in series if column in one.sizes
        ]
        if samples:
            yield _counter(name, description, samples)
    for column, (suffix, description) in _TIMES.items():
        samples = _buckets(prefix + suffix, column, series, totals.buckets)
        if samples:
            metric = Metric(prefix + suffix, description, "histogram")
            metric.samples = samples
            yield metric
    name = f"{prefix}http_upstream_attempts_seconds_total"
    attempts = [
        Sample(name, labels, one.attempt_seconds)
        for labels, one in series
        if UPSTREAM_TIME in one.times
    ]
    if attempts:
        yield _counter(name, "Time of all attempts at upstreams, retries included.", attempts)
    name = f"{prefix}parse_errors_total"
    yield _counter(
        name, "Lines that fit no format.", [Sample(name, dict(constant), totals.parse_errors)]
    )
    name = "nginx_exporter_access_log_limited_total"
    yield _counter(
        name,
        "Requests counted under other since --nginx.access-log.series was met.",
        [Sample(name, dict(constant), totals.limited)],
    )


def _counter(name: str, description: str, samples: list[Sample]) -> Metric:
    # Metric, and not CounterMetricFamily, which adds `_total` to names that have none.
    metric = Metric(name, description, "counter")
    metric.samples = samples
    return metric


def _buckets(
    name: str, column: str, series: list[tuple[dict[str, str], Series]], bounds: tuple[float, ...]
) -> list[Sample]:
    texts = [*map(number, bounds), "+Inf"]
    samples = []
    for labels, one in series:
        times = one.times.get(column)
        if times is None:
            continue
        counts = list(accumulate(times.counts))
        samples += [
            Sample(f"{name}_bucket", {**labels, "le": text}, count)
            for text, count in zip(texts, counts, strict=True)
        ]
        samples.append(Sample(f"{name}_sum", labels, times.seconds))
        samples.append(Sample(f"{name}_count", labels, counts[-1]))
    return samples
