"""One probe from its beginning to its result: the time limit, the failure, what all have."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from pillion_blackbox_exporter.failure import PROBE_ERRORS, ProbeError
from pillion_blackbox_exporter.probers import PROBERS
from pillion_blackbox_exporter.probing.metrics import begin_address
from pillion_blackbox_exporter.probing.report import Gauge

if TYPE_CHECKING:
    from pillion_blackbox_exporter.probing.log import ProbeLog
    from pillion_blackbox_exporter.probing.probe import Probe, Prober
    from pillion_blackbox_exporter.probing.report import Report
    from pillion_blackbox_exporter.probing.trace import Trace

SUCCESS = Gauge("probe_success", "Whether the probe succeeded: 1 or 0")
DURATION = Gauge("probe_duration_seconds", "How long the probe took")
TIMEOUT = Gauge("probe_timeout_seconds", "How long the probe could have taken")
FAILURE = Gauge("probe_failure_info", "Why the probe failed, and in which phase")

_loaded: dict[str, Prober] = {}


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a probe.

    Attributes:
        success: whether the target is well.
        report: the metrics.
        trace: phases and failure.
        log: the lines.
    """

    success: bool
    report: Report
    trace: Trace
    log: ProbeLog


def load(name: str) -> Prober:
    """Return the prober of a name in the table, importing it when it is first used."""
    prober = _loaded.get(name)
    if prober is None:
        module, _, attribute = PROBERS[name].partition(":")
        prober = _loaded[name] = cast("Prober", getattr(import_module(module), attribute))
    return prober


async def run(probe: Probe) -> Result:
    """Probe until the target is judged or the time is up; never raises for a target's fault."""
    timeout = probe.timeout or probe.remaining
    probe.log.debug("the probe begins", prober=probe.module.prober, timeout=f"{timeout:g}s")
    await attempt(probe, load(probe.module.prober))
    probe.trace.finish()
    return conclude(probe, timeout)


async def attempt(probe: Probe, prober: Prober) -> None:
    """Let a prober do its work within the time; note why it failed in the trace."""
    if probe.module.prober != "unix":
        begin_address(probe)
    try:
        _check_support(probe)
        async with asyncio.timeout(probe.remaining):
            await prober(probe)
    except PROBE_ERRORS as error:
        probe.fail(error.reason, str(error))
    except TimeoutError:
        waited = f"{probe.trace.clock() - probe.trace.started:.3g}"
        phase = probe.trace.phase or "the beginning"
        probe.fail("timeout", f"the time was up after {waited} s, in the phase {phase}")
    except Exception as error:  # noqa: BLE001  # a fault of ours must not look like the target's
        probe.fail("internal", f"the prober broke: {type(error).__name__}: {error}")


def _check_support(probe: Probe) -> None:
    if probe.unsupported:
        raise ProbeError("configuration", probe.unsupported)


def conclude(probe: Probe, timeout: float) -> Result:
    """Report what all probers have in common."""
    trace, report = probe.trace, probe.report
    failure = trace.failure
    report.set(SUCCESS, 0 if failure else 1)
    report.set(DURATION, trace.duration)
    report.set(TIMEOUT, timeout)
    if failure is None:
        probe.log.debug("the probe succeeded", duration=trace.duration)
    else:
        labels = (("phase", failure.phase), ("reason", failure.reason))
        report.label(FAILURE, labels, 1)
        probe.log.error(
            "the probe failed",
            reason=failure.reason,
            phase=failure.phase,
            error=failure.sentence,
            duration=trace.duration,
        )
    return Result(failure is None, report, trace, probe.log)
