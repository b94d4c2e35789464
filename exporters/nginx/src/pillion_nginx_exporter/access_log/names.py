"""What the metrics are called: as prometheus-nginxlog-exporter does, or as ingress-nginx. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion_nginx_exporter.access_log.columns import (
    CONNECT_TIME,
    REQUEST_SIZE,
    RESPONSE_SIZE,
    TIME,
    UPSTREAM_TIME,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Names:
    """The names.

    Attributes:
        requests: the counter of requests.
        sizes: of bytes, by column.
        times: the histograms, by column.
        attempts: the counter of seconds of all attempts at upstreams.
        parse_errors: the counter of lines that fit no format.
        has_size_histograms: whether bytes are sum and count of a histogram, not a counter.
    """

    requests: str
    sizes: Mapping[str, str]
    times: Mapping[str, str]
    attempts: str
    parse_errors: str
    has_size_histograms: bool = False


def nginxlog_names(namespace: str) -> Names:
    """Return the names of prometheus-nginxlog-exporter (its README, "Collected metrics")."""
    prefix = f"{namespace}_" if namespace else ""
    return Names(
        f"{prefix}http_response_count_total",
        {
            RESPONSE_SIZE: f"{prefix}http_response_size_bytes",
            REQUEST_SIZE: f"{prefix}http_request_size_bytes",
        },
        {
            TIME: f"{prefix}http_response_time_seconds_hist",
            UPSTREAM_TIME: f"{prefix}http_upstream_time_seconds_hist",
            CONNECT_TIME: f"{prefix}http_upstream_connect_time_seconds_hist",
        },
        f"{prefix}http_upstream_attempts_seconds_total",
        f"{prefix}parse_errors_total",
    )


def ingress_names() -> Names:
    """Return the names of ingress-nginx (its documentation, "Monitoring", "Request metrics")."""
    prefix = "nginx_ingress_controller_"
    return Names(
        f"{prefix}requests",
        {RESPONSE_SIZE: f"{prefix}response_size", REQUEST_SIZE: f"{prefix}request_size"},
        {
            TIME: f"{prefix}request_duration_seconds",
            UPSTREAM_TIME: f"{prefix}response_duration_seconds",
            CONNECT_TIME: f"{prefix}connect_duration_seconds",
        },
        f"{prefix}attempts_seconds_total",
        "nginx_parse_errors_total",
        has_size_histograms=True,
    )
