"""What a prober is given: one target, one module, and where to write what it finds.

    async def probe(probe: Probe) -> None

A prober returns when the target is well. It raises `ProbeError` to end as failed, or calls
`probe.fail` to be failed and go on. It may be cancelled at any await when the time is up, so
that what must be reported is set as it becomes known or in a `finally`. The runner
(`runner.run`) adds what all probers have in common.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pillion_blackbox_exporter.configuration import Module
    from pillion_blackbox_exporter.failure import Reason
    from pillion_blackbox_exporter.network import Network
    from pillion_blackbox_exporter.probing.log import ProbeLog
    from pillion_blackbox_exporter.probing.report import Report
    from pillion_blackbox_exporter.probing.trace import Trace


@dataclass(slots=True)
class Probe:
    """One probe in the making.

    Attributes:
        target: as it was asked for.
        module: what to do.
        trace: the phases and the failure.
        report: the metrics.
        log: the lines.
        network: resolving and connecting, guarded; shared by all probes.
        deadline: when the time is up, by the trace's clock; the runner sees to it.
        timeout: how many seconds the probe was given; 0 for what is left until the deadline.
        hostname: the `hostname` parameter, or nothing.
        address: the one address to probe, or nothing to choose one by resolving.
        lookup_time: how long it took to resolve `address`.
        unsupported: why the module cannot work in this installation, or nothing.
    """

    target: str
    module: Module
    trace: Trace
    report: Report
    log: ProbeLog
    network: Network
    deadline: float
    hostname: str = ""
    timeout: float = 0.0
    address: str = ""
    lookup_time: float = 0.0
    unsupported: str = ""

    def fail(self, reason: Reason, sentence: str) -> None:
        """Be failed and go on; of several failures the first is the one that counts."""
        sentence = self.log.masked(sentence)
        self.trace.fail(reason, sentence)
        self.log.debug(sentence, reason=reason)

    def is_well(self) -> bool:
        """Whether nothing has gone wrong so far."""
        return self.trace.failure is None

    @property
    def remaining(self) -> float:
        """The seconds that are left."""
        return max(0.0, self.deadline - self.trace.clock())


Prober = Callable[[Probe], Awaitable[None]]
