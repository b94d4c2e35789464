"""What the inputs share that look at something from time to time: cpu, mem, disk, and the like."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import setting
from pillion_log_agent.configuration.kinds import NUMBER
from pillion_log_agent.inputs.outstanding import Outstanding
from pillion_log_agent.patterns.times import SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client import Metric

    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext, Intake
    from pillion_log_agent.records.columns import Record

    Sample = Callable[[], list[Record]]


@dataclass(frozen=True, slots=True)
class IntervalProperties:
    """How often an input looks."""

    interval_sec: int = setting("interval_sec", NUMBER, "Seconds between two looks.", default=1)
    interval_nsec: int = setting("interval_nsec", NUMBER, "Nanoseconds more.", default=0)

    @property
    def interval(self) -> float:
        """Seconds between two looks; fluent-bit takes what is not positive for its default."""
        seconds = max(self.interval_sec, 0) + max(self.interval_nsec, 0) / SECOND
        return seconds or 1.0


class SampledInput:
    """Takes a sample at each interval; none while outputs leave no room for it."""

    def __init__(
        self,
        sample: Sample,
        interval: float,
        shared: InputProperties,
        context: InputContext,
        *,
        samples: int = 0,
    ) -> None:
        """Take what to ask.

        Args:
            sample: returns the records of one look; raises OSError.
            interval: seconds between two looks.
            shared: the properties of every input.
            context: what it stands in.
            samples: how many in all; 0 for no end.
        """
        self._sample = sample
        self._interval = interval
        self._samples = samples
        self._tag = shared.tag or context.name
        self._log = context.log
        self._outstanding = Outstanding(context)
        self._stopping = asyncio.Event()
        self._has_failed = False

    def prepare(self) -> None:
        """Nothing is taken."""

    async def run(self, intake: Intake) -> None:
        """Hand over samples until there are enough, or `stop`."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        made = 0
        while not 0 < self._samples <= made:
            # What was missed while there was no room is not made up for.
            due = max(due + self._interval, loop.time())
            if await self._pause(due - loop.time()):
                return
            await self._outstanding.wait_for_room()
            if self._stopping.is_set():
                return
            records = self._look()
            if records:
                self._outstanding.hand_over(intake, self._tag, records)
                made += 1
        await self._stopping.wait()

    async def _pause(self, seconds: float) -> bool:
        """Wait; return whether it is to come to an end."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _look(self) -> list[Record]:
        try:
            records = self._sample()
        except OSError as error:
            if not self._has_failed:
                self._log.warning("there is nothing to sample", error=error)
            self._has_failed = True
            return []
        self._has_failed = False
        return records

    def stop(self, *, is_last: bool) -> None:  # noqa: ARG002  # either way
        """Take no more samples."""
        self._stopping.set()
        self._outstanding.stop()

    def collect(self) -> Iterable[Metric]:
        """Return nothing beside what is counted of every input."""
        return ()

    def close(self) -> None:
        """Nothing is open."""
