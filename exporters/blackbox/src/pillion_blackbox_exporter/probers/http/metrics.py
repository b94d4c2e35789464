"""The metrics of the HTTP prober."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_blackbox_exporter.probers.http.http_date import http_date
from pillion_blackbox_exporter.probing.report import Gauge

if TYPE_CHECKING:
    from pillion.net import Head
    from pillion_blackbox_exporter.configuration.http import HttpSection
    from pillion_blackbox_exporter.probing.probe import Probe

PHASES = ("resolve", "connect", "tls", "processing", "transfer")
_SERIES = {phase: (("phase", phase),) for phase in PHASES}

DURATION = Gauge(
    "probe_http_duration_seconds", "How long each phase took, added up over all redirects"
)
CONTENT_LENGTH = Gauge("probe_http_content_length", "The length that the response promised, or -1")
BODY_LENGTH = Gauge(
    "probe_http_uncompressed_body_length", "The length of the content after decompression"
)
REDIRECTS = Gauge("probe_http_redirects", "How many redirects there were")
SSL = Gauge("probe_http_ssl", "Whether the last response came over TLS")
STATUS = Gauge("probe_http_status_code", "The status of the last response; 0 without one")
VERSION = Gauge("probe_http_version", "The version of HTTP of the last response")
FAILED_DUE_TO_REGEX = Gauge(
    "probe_failed_due_to_regex", "Whether a regular expression failed the probe"
)
FAILED_DUE_TO_CEL = Gauge("probe_failed_due_to_cel", "Whether a CEL expression failed the probe")
LAST_MODIFIED = Gauge(
    "probe_http_last_modified_timestamp_seconds", "What Last-Modified says, in unix time"
)

_AT_FIRST = (CONTENT_LENGTH, BODY_LENGTH, REDIRECTS, SSL, STATUS, VERSION, FAILED_DUE_TO_REGEX)


def begin_report(probe: Probe) -> None:
    """Report what is always there, before anything is known."""
    for gauge in _AT_FIRST:
        probe.report.set(gauge, 0)
    if probe.module.http.judges_json:
        probe.report.set(FAILED_DUE_TO_CEL, 0)


def report_durations(probe: Probe) -> None:
    """Report how long each phase took, those too that ended with the probe.

    Where a proxy resolves the target, there is no `resolve`.
    """
    totals = probe.trace.totals()
    for phase in PHASES[is_resolved_by_proxy(probe.module.http) :]:
        probe.report.label(DURATION, _SERIES[phase], totals.get(phase, 0.0))


def is_resolved_by_proxy(section: HttpSection) -> bool:
    """Whether the target's name is left to a proxy."""
    has_proxy = bool(section.proxy_url or section.proxy_from_environment)
    return has_proxy and section.skip_resolve_phase_with_proxy


def report_head(probe: Probe, head: Head) -> None:
    """Report the head of the last response."""
    probe.report.set(STATUS, head.status)
    probe.report.set(VERSION, float(head.version.removeprefix("HTTP/")))
    modified = head.get("last-modified")
    moment = http_date(modified) if modified else None
    if moment is not None:
        probe.report.set(LAST_MODIFIED, moment)


def report_length(probe: Probe, length: int) -> None:
    """Report how much content there was."""
    probe.report.set(BODY_LENGTH, length)
