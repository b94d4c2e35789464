"""A clock that stands still until a test moves it."""

from __future__ import annotations


class Clock:
    """Stands in for `time.time` or `time.monotonic`: call it for the seconds."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
