"""The filter `throttle`: lets so many records through in a window that moves on.

Source: fluent-bit's manual, "Throttle".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import Kind, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import NUMBER, TIME
from pillion_log_agent.patterns.times import SECOND

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.records.batch import Batch

MOST_SLOTS = 86_400


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        raise ValueError("is no number") from None
    if not 0 < rate < float("inf"):
        raise ValueError("is no rate; it has to be more than 0")
    return rate


RATE: Kind[float] = Kind("NUMBER", _rate, lambda rate: f"{rate:g}")


@dataclass(frozen=True, slots=True)
class ThrottleProperties:
    """The properties of `throttle`."""

    rate: float = setting(
        "rate", RATE, "Records in an interval, on the average of the window.", default=1.0
    )
    window: int = setting("window", NUMBER, "Intervals over which that is taken.", default=5)
    interval: float = setting("interval", TIME, "The interval.", default=1.0)


class ThrottleFilter:
    """Lets records through as long as the average over the window is below the rate."""

    def __init__(self, properties: ThrottleProperties, context: FilterContext) -> None:
        if properties.interval <= 0:
            raise ValueError("interval has to be more than 0")
        if not 0 < properties.window <= MOST_SLOTS:
            raise ValueError(f"window has to be from 1 to {MOST_SLOTS}")
        self._wall_ns = context.wall_ns
        self._interval = max(int(properties.interval * SECOND), 1)
        self._slots = [0] * properties.window
        self._total = 0
        self._most = properties.rate * properties.window
        self._now = context.wall_ns() // self._interval

    def apply(self, batch: Batch) -> Batch:
        """Return the batch with as many of its records as may go on, the first ones."""
        self._move_on()
        # One more goes on while the total is below the most.
        room = max(-int(-(self._most - self._total) // 1), 0)
        count = min(room, len(batch))
        self._total += count
        self._slots[self._now % len(self._slots)] += count
        return batch if count == len(batch) else batch.select(range(count))

    def _move_on(self) -> None:
        now = self._wall_ns() // self._interval
        # A clock that was set back begins a new window.
        passed = now - self._now if now >= self._now else len(self._slots)
        for step in range(1, min(passed, len(self._slots)) + 1):
            slot = (self._now + step) % len(self._slots)
            self._total -= self._slots[slot]
            self._slots[slot] = 0
        if passed >= len(self._slots):
            self._slots, self._total = [0] * len(self._slots), 0
        self._now = now


THROTTLE = Declaration(
    name="throttle",
    summary="Lets so many records through in a window that moves on.",
    properties=ThrottleProperties,
    accepted={"print_status": "what it takes out is on /metrics"},
    build=ThrottleFilter,
)
