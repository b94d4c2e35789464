"""Lines that took a pattern too long: counted, and said once a minute with the pattern's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pillion.log import Logger
    from pillion_log_agent.configuration.slow import SlowPattern

EVERY = 60.0


class SlowLines:
    """Watches the patterns that have a time limit."""

    def __init__(self, patterns: Sequence[SlowPattern], log: Logger) -> None:
        self._patterns = patterns
        self._log = log
        self._said = [each.pattern.given_up.lines for each in patterns]
        self._due = 0.0

    def counts(self) -> Iterator[tuple[str, int]]:
        """Yield the name of each pattern that has a limit, and how many lines passed it."""
        for each in self._patterns:
            if each.pattern.engine == "a process":
                yield each.name, each.pattern.given_up.lines

    def report(self, clock: float) -> None:
        """Log what has come since the last time, at most once a minute.

        Args:
            clock: seconds.
        """
        if clock < self._due:
            return
        for number, each in enumerate(self._patterns):
            lines = each.pattern.given_up.lines
            if lines > self._said[number]:
                self._log.warning(
                    "lines took a pattern too long, and went on as if it did not match",
                    pattern=each.name,
                    lines=lines - self._said[number],
                )
                self._said[number] = lines
                self._due = clock + EVERY
