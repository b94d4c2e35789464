"""One probe in this process, by a module written as it stands in a blackbox.yml."""

from __future__ import annotations

import io
import textwrap
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.configuration import Document
from pillion.log import Logger
from pillion.metrics import exposition
from pillion.testing import Scrape
from pillion_blackbox_exporter.configuration import Module, parse
from pillion_blackbox_exporter.network import Network
from pillion_blackbox_exporter.probing.log import ProbeLog
from pillion_blackbox_exporter.probing.probe import Probe
from pillion_blackbox_exporter.probing.report import Report
from pillion_blackbox_exporter.probing.trace import Trace
from pillion_blackbox_exporter.runner.addresses import run_addresses
from pillion_blackbox_exporter.runner.run import run

if TYPE_CHECKING:
    from pillion_blackbox_exporter.network.guard import Guard


@dataclass(frozen=True)
class Probed:
    """What came of a probe."""

    success: bool
    scrape: Scrape
    phase: str
    reason: str
    sentence: str
    log: str

    def value(self, name: str, **labels: str) -> float:
        return self.scrape.value(name, **labels)


def module_of(text: str) -> Module:
    """Return a module from the YAML below its name."""
    indented = textwrap.indent(textwrap.dedent(text).strip(), "    ")
    document = Document.parse(f"modules:\n  m:\n{indented}\n", "blackbox.yml")
    return parse(document).modules["m"]


async def probed(
    target: str,
    text: str,
    *,
    timeout: float = 5.0,
    hostname: str = "",
    guard: Guard | None = None,
    network: Network | None = None,
) -> Probed:
    """Probe a target and return what the exporter would serve."""
    trace = Trace()
    lines = ProbeLog(Logger(stream=io.StringIO()))
    network = network or Network(guard)
    deadline = time.perf_counter() + timeout
    probe = Probe(
        target, module_of(text), trace, Report(), lines, network, deadline, hostname=hostname
    )
    try:
        is_first = probe.module.addresses == "first"
        result = await (run(probe) if is_first else run_addresses(probe))
    finally:
        network.resolver.close()
    failure = result.trace.failure
    phase, reason, sentence = (
        (failure.phase, failure.reason, failure.sentence) if failure else ("", "", "")
    )
    return Probed(
        result.success,
        Scrape.parse(exposition.text(result.report.collect())),
        phase,
        reason,
        sentence,
        result.log.text(),
    )
