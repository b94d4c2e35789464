"""A token bucket: so many requests at once, and one more for each interval."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something may be done.

    Attributes:
        interval: seconds after which one more may be done.
        burst: how many may be done at once after a rest.
    """

    interval: float
    burst: int


class Bucket:
    """What is left of a rate. It is full at first."""

    __slots__ = ("_last", "_tokens", "rate")

    def __init__(self, rate: Rate, now: float) -> None:
        self.rate = rate
        self._tokens = float(rate.burst)
        self._last = now

    def take(self, now: float) -> bool:
        """Take one; False when there is none."""
        gained = (now - self._last) / self.rate.interval
        self._tokens = min(self._tokens + gained, float(self.rate.burst))
        self._last = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
