"""The phases of a probe as the series of a `probe_..._duration_seconds` family."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion_blackbox_exporter.probing.probe import Probe
    from pillion_blackbox_exporter.probing.report import Gauge


def report_durations(probe: Probe, gauge: Gauge, series: Mapping[str, tuple[str, ...]]) -> None:
    """Report phases up to now; call it in a `finally`, so that a failure has them as well.

    Args:
        probe: whose phases they are; the one that lasts ends here.
        gauge: the family, with the label `phase`.
        series: each value of the label, and the phases of the trace that make it up.
    """
    probe.trace.end()
    totals = probe.trace.totals()
    for name, phases in series.items():
        seconds = sum([totals.get(phase, 0.0) for phase in phases])
        probe.report.label(gauge, (("phase", name),), seconds)
