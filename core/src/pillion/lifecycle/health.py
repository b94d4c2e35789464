"""Health and readiness, as `/-/healthy` and `/-/ready` answer them.

Health means progress: whoever works beats, and a process whose work has not advanced for
longer than its patience is unhealthy. A neighbour that is down makes it not ready, never
unhealthy, since a restart would mend nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Health:
    """What a process says of itself.

    Each reason is one sentence for people; none means all is well.
    """

    __slots__ = ("_beats", "_blockers", "_clock", "_parts")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._beats: dict[str, tuple[float, float]] = {}
        self._blockers: dict[str, str] = {"start": "it is starting"}
        self._parts: dict[str, Health] = {}

    def beat(self, work: str, patience: float) -> None:
        """Say that `work` advances, and will again within `patience` seconds."""
        self._beats[work] = (self._clock(), patience)

    def rest(self, work: str) -> None:
        """Say that `work` has nothing to do, so that its silence means nothing."""
        self._beats.pop(work, None)

    def block(self, what: str, why: str) -> None:
        """Make the process not ready for as long as `what` stands in the way."""
        self._blockers[what] = why

    def unblock(self, what: str) -> None:
        """Take `what` out of the way again."""
        self._blockers.pop(what, None)

    def include(self, name: str, part: Health) -> None:
        """Have a part speak for itself, in the place of the one that had this name."""
        self._parts[name] = part

    def why_unhealthy(self) -> str | None:
        """Return why a restart is due, or None."""
        now = self._clock()
        for work, (last, patience) in self._beats.items():
            if now - last > patience:
                return f"{work} has not advanced for {now - last:.0f} s"
        return _first((name, part.why_unhealthy()) for name, part in self._parts.items())

    def why_not_ready(self) -> str | None:
        """Return what stands in the way, or None."""
        reason = next(iter(self._blockers.values()), None)
        if reason is not None:
            return reason
        return _first((name, part.why_not_ready()) for name, part in self._parts.items())


def _first(parts: Iterable[tuple[str, str | None]]) -> str | None:
    return next((f"{name}: {reason}" for name, reason in parts if reason is not None), None)
