"""The input `dummy`: the same record again and again, to try a configuration with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import Kind, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, NUMBER
from pillion_log_agent.patterns.times import SECOND
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.json_rows import decode_object
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.receipt import Receipt, Undivided
from pillion_log_agent.records.timestamps import Timestamps

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext, Intake


def _object(text: str) -> str:
    if decode_object(text) is None:
        raise ValueError("is no JSON object")
    return text


OBJECT: Kind[str] = Kind("JSON", _object)


@dataclass(frozen=True, slots=True)
class DummyProperties:
    """The properties of `dummy`."""

    dummy: str = setting("dummy", OBJECT, "The record.", default='{"message":"dummy"}')
    rate: int = setting("rate", NUMBER, "Records a second.", default=1)
    copies: int = setting("copies", NUMBER, "How many at a time.", default=1)
    samples: int = setting("samples", NUMBER, "How many in all; 0 for no end.", default=0)
    interval_sec: int = setting(
        "interval_sec", NUMBER, "Seconds between two times; comes before rate.", default=0
    )
    interval_nsec: int = setting("interval_nsec", NUMBER, "Nanoseconds more.", default=0)
    start_time_sec: int = setting(
        "start_time_sec", NUMBER, "The time of the first record, since 1970; -1 is now.", default=-1
    )
    start_time_nsec: int = setting("start_time_nsec", NUMBER, "Nanoseconds more.", default=-1)
    fixed_timestamp: bool = setting(
        "fixed_timestamp", FLAG, "Give every record the time of the first.", default=False
    )
    flush_on_startup: bool = setting(
        "flush_on_startup", FLAG, "Begin with a record.", default=False
    )


class DummyInput:
    """Makes records."""

    def __init__(
        self, properties: DummyProperties, shared: InputProperties, context: InputContext
    ) -> None:
        if properties.rate < 1 or properties.copies < 1:
            raise ValueError("rate and copies have to be at least 1")
        self._properties = properties
        interval = properties.interval_sec + properties.interval_nsec / SECOND
        self._interval = interval if interval > 0 else 1 / properties.rate
        self._began = context.wall_ns()
        self._tag = shared.tag or context.name
        self._context = context
        self._stopping = asyncio.Event()

    def prepare(self) -> None:
        """Nothing is taken."""

    async def run(self, intake: Intake) -> None:
        """Hand over records until there are enough, or `stop`."""
        properties = self._properties
        started = self._context.wall_ns()
        origin = Origin(self._context.name, "", f"{self._context.name}-{started:x}")
        made = 0
        while not self._stopping.is_set() and not 0 < properties.samples <= made:
            if made or not properties.flush_on_startup:
                try:
                    await asyncio.wait_for(self._stopping.wait(), self._interval)
                except TimeoutError:
                    pass
                else:
                    return
            count = properties.copies
            if properties.samples:
                count = min(count, properties.samples - made)
            intake.take(self._batch(origin, made, count), Receipt(Undivided(_nothing)))
            made += count
        # As long as nothing else has ended the process, it goes on answering.
        await self._stopping.wait()

    def _batch(self, origin: Origin, made: int, count: int) -> Batch:
        return Batch(
            self._tag,
            origin,
            Timestamps([self._time()] * count),
            records=[decode_object(self._properties.dummy) or {} for _ in range(count)],
            offsets=list(range(made, made + count)),
        )

    def _time(self) -> int:
        """Return the time of the next records; nanoseconds since 1970."""
        properties = self._properties
        first = self._began
        if properties.start_time_sec >= 0 or properties.start_time_nsec >= 0:
            first = max(properties.start_time_sec, 0) * SECOND + max(properties.start_time_nsec, 0)
        return first + (0 if properties.fixed_timestamp else self._context.wall_ns() - self._began)

    def stop(self, *, is_last: bool) -> None:  # noqa: ARG002  # either way
        """Make no more."""
        self._stopping.set()

    def collect(self) -> Iterable[Metric]:
        """Return nothing beside what is counted of every input."""
        return ()

    def close(self) -> None:
        """Nothing is open."""


def _nothing() -> None:
    """Nothing waits for what was made up."""


DUMMY = Declaration(
    name="dummy",
    summary="Makes the same record again and again.",
    properties=DummyProperties,
    accepted={"metadata": "records have no metadata of their own here"},
    build=DummyInput,
)
