"""Scrapes as families: the names, types and labels of the peer. Pure.

Where a scrape failed there is `nginx_up 0` and nothing else of that nginx, as with the peer.
`nginx_connections_accepted` and `nginx_connections_handled` are counters without `_total`.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from pillion.metrics import Family, Sample

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion.metrics.model import Kind, Labels
    from pillion_nginx_exporter.scrape import Scrape

_FIGURES: tuple[tuple[str, Kind, str, str], ...] = (
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
_UP = "Whether the last scrape of nginx succeeded: 1, or 0 when it failed."
_DURATION = "How long the last scrape of nginx took, failed or not, in seconds."

_READERS = tuple((*row[:3], attrgetter(row[3])) for row in _FIGURES)


def families(scrapes: Iterable[tuple[Labels, Scrape]]) -> list[Family]:
    """Return the families of several scrapes, each with the labels of its target."""
    all_of_them = list(scrapes)
    succeeded = [(labels, scrape.status) for labels, scrape in all_of_them if scrape.status]
    found = []
    if succeeded:
        for name, kind, description, read in _READERS:
            samples = [Sample(read(status), labels) for labels, status in succeeded]
            found.append(Family(name, kind, description, samples))
    ups = [Sample(1 if scrape.status else 0, labels) for labels, scrape in all_of_them]
    durations = [Sample(scrape.seconds, labels) for labels, scrape in all_of_them]
    found.append(Family("nginx_up", "gauge", _UP, ups))
    found.append(
        Family("nginx_exporter_last_scrape_duration_seconds", "gauge", _DURATION, durations)
    )
    return found
