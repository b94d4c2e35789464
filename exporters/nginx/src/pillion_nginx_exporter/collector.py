"""Scrapes as metrics: the names, types and labels of the peer. Pure.

Where a scrape failed there is `nginx_up 0` and nothing else of that nginx, as with the peer.
`nginx_connections_accepted` and `nginx_connections_handled` are counters without `_total`.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from prometheus_client.core import Metric, Sample

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion_nginx_exporter.labels import Labels
    from pillion_nginx_exporter.scrape import Scrape

_FIGURES: tuple[tuple[str, str, str, str], ...] = (
    (
        "nginx_connections_accepted",
        "counter",
        "Client connections that nginx accepted since it started.",
        "accepted",
    ),
    (
        "nginx_connections_active",
        "gauge",
        "Client connections that are open now, idle ones included.",
        "active",
    ),
    (
        "nginx_connections_handled",
        "counter",
        "Client connections that nginx handled since it started; fewer than accepted at a limit.",
        "handled",
    ),
    (
        "nginx_connections_reading",
        "gauge",
        "Client connections whose request header is being read now.",
        "reading",
    ),
    (
        "nginx_connections_waiting",
        "gauge",
        "Client connections that are kept alive and idle now.",
        "waiting",
    ),
    (
        "nginx_connections_writing",
        "gauge",
        "Client connections that an answer is being written to now.",
        "writing",
    ),
    (
        "nginx_http_requests_total",
        "counter",
        "Requests that nginx received since it started.",
        "requests",
    ),
)
_UP, _DURATION = "nginx_up", "nginx_exporter_last_scrape_duration_seconds"
_UP_DESCRIPTION = "Whether the last scrape of nginx succeeded: 1, or 0 when it failed."
_DURATION_DESCRIPTION = "How long the last scrape of nginx took, failed or not, in seconds."

_READERS = tuple((*row[:3], attrgetter(row[3])) for row in _FIGURES)


def metrics(scrapes: Iterable[tuple[Labels, Scrape]]) -> list[Metric]:
    """Return the metrics of several scrapes, each with the labels of its target."""
    all_of_them = [(dict(labels), scrape) for labels, scrape in scrapes]
    if not all_of_them:
        return []
    succeeded = [(labels, scrape.status) for labels, scrape in all_of_them if scrape.status]
    found = []
    if succeeded:
        for name, kind, description, read in _READERS:
            samples = [Sample(name, labels, read(status)) for labels, status in succeeded]
            found.append(_metric(name, kind, description, samples))
    ups = [Sample(_UP, labels, 1 if scrape.status else 0) for labels, scrape in all_of_them]
    durations = [Sample(_DURATION, labels, scrape.seconds) for labels, scrape in all_of_them]
    found.append(_metric(_UP, "gauge", _UP_DESCRIPTION, ups))
    found.append(_metric(_DURATION, "gauge", _DURATION_DESCRIPTION, durations))
    return found


def _metric(name: str, kind: str, description: str, samples: list[Sample]) -> Metric:
    # Metric, and not CounterMetricFamily, which adds `_total` to names that have none.
    metric = Metric(name, description, kind)
    metric.samples = samples
    return metric
