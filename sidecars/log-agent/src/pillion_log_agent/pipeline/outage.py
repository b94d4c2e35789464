"""What the log says of an output that fails: at once, then every minute, and when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.settings.kinds import show_duration
from pillion_log_agent.patterns.times import SECOND, show_iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.log import Logger

REMIND_SECONDS = 60.0
_COARSE = 10.0


class Outage:
    """The failures of one output since it last took records.

    Attributes:
        last_error: why the last write failed; None when it did not.
        failures: how often in a row.
    """

    __slots__ = (
        "_clock",
        "_due",
        "_every",
        "_given_up",
        "_log",
        "_name",
        "_since",
        "_wall_ns",
        "failures",
        "last_error",
    )

    def __init__(
        self,
        name: str,
        log: Logger,
        *,
        clock: Callable[[], float],
        wall_ns: Callable[[], int],
        every: float = REMIND_SECONDS,
    ) -> None:
        """Begin with an output that takes records.

        Args:
            name: of the output.
            log: where it is said.
            clock: seconds that only grow.
            wall_ns: the system's clock, nanoseconds since 1970.
            every: seconds between two lines about one outage.
        """
        self.last_error: str | None = None
        self.failures = 0
        self._name = name
        self._log = log
        self._clock = clock
        self._wall_ns = wall_ns
        self._every = every
        self._since = 0
        self._due = 0.0
        self._given_up = 0

    def fail(self, cause: str) -> None:
        """Count a failure, and keep its cause."""
        if self.last_error is None:
            self.failures = self._given_up = 0
            self._since = self._wall_ns()
            self._due = self._clock()
        self.failures += 1
        self.last_error = cause

    def remind(self, retry: int, wait: float) -> float:
        """Say that it still fails, when that is due; return the seconds until it is due again.

        Args:
            retry: the number of the next attempt.
            wait: seconds until then.
        """
        now = self._clock()
        if now >= self._due:
            self._due = now + self._every
            self._log.warning(
                f"output {self._name} failed ({self.last_error}), "
                f"retry {retry} in {_rounded(wait)}",
                failures=self.failures,
                since=show_iso(self._since),
            )
        return self._due - now

    def give_up(self, records: int) -> None:
        """Say that records are put aside which were tried as often as they may be, when due."""
        self._given_up += records
        now = self._clock()
        if now >= self._due:
            self._due = now + self._every
            self._log.warning(
                f"output {self._name} failed ({self.last_error}), no retry is left",
                failures=self.failures,
                since=show_iso(self._since),
                given_up=self._given_up,
            )

    def end(self) -> None:
        """Say that it is over, if there was one."""
        if self.last_error is None:
            return
        self.last_error = None
        seconds = max(self._wall_ns() - self._since, 0) / SECOND
        self._log.info(
            f"output {self._name} takes records again",
            failures=self.failures,
            after=_rounded(seconds),
        )


def _rounded(seconds: float) -> str:
    return show_duration(float(round(seconds)) if seconds > _COARSE else round(seconds, 2))
