"""What a kubelet decides about one container: when it starts again, and what its probes add up to.

Nothing is done here; time and answers are given. Sources: Kubernetes' documentation of the pod
lifecycle, and of liveness, readiness and startup probes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.player.manifest import Container, Document

FIRST_DELAY, LONGEST_DELAY = 10.0, 300.0
# A container that ran this long has its back-off forgotten.
FORGIVEN_AFTER = 600.0
KINDS = ("startupProbe", "livenessProbe", "readinessProbe")


def delay(restarts: int) -> float:
    """Return the seconds between an end and the next start, after so many starts anew."""
    return 0.0 if restarts == 0 else min(FIRST_DELAY * 2 ** (restarts - 1), LONGEST_DELAY)


def starts_again(policy: str, status: int, *, is_sidecar: bool) -> bool:
    """Return whether a container that has ended is started anew."""
    return is_sidecar or policy == "Always" or (policy == "OnFailure" and status != 0)


@dataclass(slots=True)
class Probe:
    """One probe, and what its answers add up to."""

    kind: str
    document: Document
    holds: bool
    next_at: float
    _in_a_row: int = 0
    _last: bool | None = None

    def due(self, now: float) -> bool:
        return now >= self.next_at

    def took(self, now: float, *, succeeded: bool) -> bool:
        """Count an answer; return whether the threshold for a failure is met with it."""
        self.next_at = now + float(self.document.get("periodSeconds", 10))
        self._in_a_row = self._in_a_row + 1 if succeeded == self._last else 1
        self._last = succeeded
        if succeeded:
            self.holds |= self._in_a_row >= int(self.document.get("successThreshold", 1))
        elif self._in_a_row >= int(self.document.get("failureThreshold", 3)):
            self.holds = False
            return True
        return False


@dataclass(slots=True)
class Care:
    """The state of one container.

    Attributes:
        container: whose.
        policy: the pod's `restartPolicy`.
        restarts: as `kubectl get pod` counts them.
    """

    container: Container
    policy: str
    restarts: int = 0
    _backed_off: int = 0
    _started_at: float = 0.0
    _ended_at: float | None = None
    _probes: dict[str, Probe] = field(default_factory=dict)

    def started(self, now: float) -> None:
        """Begin anew: every probe starts over."""
        self._started_at, self._ended_at = now, None
        self._probes = {
            kind: Probe(kind, found, kind == "livenessProbe", now + _initial_delay(found))
            for kind in KINDS
            if (found := self.container.get(kind)) is not None
        }

    def ended(self, now: float, status: int) -> bool:
        """Say that it does not run; return whether it is to be started now."""
        if not starts_again(self.policy, status, is_sidecar=self.container.is_sidecar):
            return False
        if self._ended_at is None:
            self._ended_at = now
            if now - self._started_at >= FORGIVEN_AFTER:
                self._backed_off = 0
        if now < self._ended_at + delay(self._backed_off):
            return False
        self.restarts += 1
        self._backed_off += 1
        return True

    def due(self, now: float) -> list[Probe]:
        """Return the probes to ask now; the others wait until it has started up."""
        startup = self._probes.get("startupProbe")
        if startup is not None and not startup.holds:
            return [startup] if startup.due(now) else []
        return [
            probe
            for probe in self._probes.values()
            if probe.kind != "startupProbe" and probe.due(now)
        ]

    def is_ready(self) -> bool:
        """Return whether it may be sent traffic."""
        asked = [self._probes.get(kind) for kind in ("startupProbe", "readinessProbe")]
        return self._ended_at is None and all(probe is None or probe.holds for probe in asked)


def _initial_delay(probe: Document) -> float:
    return float(probe.get("initialDelaySeconds", 0))
