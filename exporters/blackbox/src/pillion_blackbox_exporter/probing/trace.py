"""The phases of a probe on one clock, and why it failed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion_blackbox_exporter.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_blackbox_exporter.failure import Reason

PHASE_LIMIT = 200


@dataclass(slots=True)
class Phase:
    """A stretch of a probe.

    Attributes:
        name: what was being done (`resolve`, `connect`, `tls`, ...).
        start: the clock's seconds.
        end: the same; None while it lasts.
    """

    name: str
    start: float
    end: float | None = None


class Trace:
    """Written by a prober as it goes; whole once `finish` was called.

    Attributes:
        started: when the probe began, by the clock.
        phases: in the order in which they began; a name may come again (redirects).
        failure: the first thing that went wrong, or None.
        ended: when it was over, or None.
    """

    __slots__ = ("clock", "ended", "failure", "phases", "started")

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.started = clock()
        self.ended: float | None = None
        self.phases: list[Phase] = []
        self.failure: Failure | None = None

    def begin(self, name: str, at: float | None = None) -> None:
        """End the phase that lasts and begin another, now or at a moment of the clock."""
        now = self.clock() if at is None else at
        self.end(now)
        if len(self.phases) < PHASE_LIMIT:
            self.phases.append(Phase(name, now))

    def end(self, at: float | None = None) -> None:
        """End the phase that lasts, if one does."""
        if self.phases and self.phases[-1].end is None:
            self.phases[-1].end = self.clock() if at is None else at

    def add(self, name: str, start: float, end: float) -> None:
        """Add a phase that is already over."""
        self.end(start)
        if len(self.phases) < PHASE_LIMIT:
            self.phases.append(Phase(name, start, end))

    def total(self, name: str) -> float:
        """Return the seconds spent in all phases of a name that are over."""
        return sum(p.end - p.start for p in self.phases if p.name == name and p.end is not None)

    def totals(self) -> dict[str, float]:
        """Return the seconds spent in the phases that are over, by name."""
        found: dict[str, float] = {}
        for phase in self.phases:
            if phase.end is not None:
                found[phase.name] = found.get(phase.name, 0.0) + phase.end - phase.start
        return found

    @property
    def phase(self) -> str:
        """The phase that lasts, or the last one there was; empty before the first."""
        return self.phases[-1].name if self.phases else ""

    def fail(self, reason: Reason, sentence: str) -> None:
        """Note what went wrong in the phase that lasts; the first note stays."""
        if self.failure is None:
            self.failure = Failure(self.phase, reason, sentence)

    def finish(self) -> None:
        """End the probe and the phase that lasts."""
        self.ended = self.clock()
        self.end(self.ended)

    @property
    def duration(self) -> float:
        """The seconds from the beginning to the end, or to now."""
        return (self.clock() if self.ended is None else self.ended) - self.started
