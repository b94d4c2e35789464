"""Scrapes as metrics: the names, types and labels of the peer. Pure.

Where a scrape failed there is `nginx_up 0` and nothing else of that nginx, as with the peer.
`nginx_connections_accepted` and `nginx_connections_handled` are counters without `_total`.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from prometheus_client.core import Sample

from pillion.metrics.template import MetricTemplate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

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
_UP = MetricTemplate(
    "nginx_up", "Whether the last scrape of nginx succeeded: 1, or 0 when it failed.", "gauge"
)
_DURATION = MetricTemplate(
    "nginx_exporter_last_scrape_duration_seconds",
    "How long the last scrape of nginx took, failed or not, in seconds.",
    "gauge",
)

# `Metric`, and not `CounterMetricFamily`, which adds `_total` to names that have none.
_READERS = tuple(
    (MetricTemplate(name, description, kind), attrgetter(attribute))
    for name, kind, description, attribute in _FIGURES
)


def metrics(scrapes: Iterable[tuple[Labels, Scrape]]) -> list[Metric]:
    """Return the metrics of several scrapes, each with the labels of its target."""
    all_of_them = [(dict(labels), scrape) for labels, scrape in scrapes]
    if not all_of_them:
        return []
    succeeded = [(labels, scrape.status) for labels, scrape in all_of_them if scrape.status]
    found = []
    if succeeded:
        for template, read in _READERS:
            name = template.name
            found.append(
                template.filled(
                    [Sample(name, labels, read(status)) for labels, status in succeeded]
                )
            )
    ups = [Sample(_UP.name, labels, 1 if scrape.status else 0) for labels, scrape in all_of_them]
    durations = [Sample(_DURATION.name, labels, scrape.seconds) for labels, scrape in all_of_them]
    return [*found, _UP.filled(ups), _DURATION.filled(durations)]
