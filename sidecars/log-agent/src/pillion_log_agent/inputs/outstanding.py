"""What an input without a file has handed over and not got back: bounded in bytes."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.receipt import Receipt, Undivided
from pillion_log_agent.records.timestamps import Timestamps

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.inputs.input import InputContext, Intake
    from pillion_log_agent.records.columns import Record


class Outstanding:
    """Hands over batches of one input, numbers their records, and knows what is in flight.

    Attributes:
        origin: of all its records; another for each run of the process, so that ids differ.
        in_flight: bytes that no output has taken yet.
    """

    def __init__(self, context: InputContext) -> None:
        name = context.name
        self.origin = Origin(name, "", f"{name}-{context.wall_ns():x}")
        self.in_flight = 0
        self._limit = context.in_flight_bytes
        self._wall_ns = context.wall_ns
        self._next = 0
        self._settled = asyncio.Event()
        self._is_stopping = False

    @property
    def has_room(self) -> bool:
        """Whether more may be handed over."""
        return self.in_flight <= self._limit

    def hand_over(
        self,
        intake: Intake,
        tag: str,
        records: list[Record],
        *,
        times: list[int] | None = None,
        size: int = 0,
        settled: Callable[[], None] | None = None,
    ) -> None:
        """Hand over records.

        Args:
            intake: who takes them.
            tag: what routes them.
            records: one at least.
            times: nanoseconds; now if not given.
            size: bytes that they had where they were read.
            settled: is called once every record is where it should be.
        """
        count = len(records)
        batch = Batch(
            tag,
            self.origin,
            Timestamps([self._wall_ns()] * count if times is None else times),
            records=records,
            offsets=list(range(self._next, self._next + count)),
            size=size,
        )
        self.take(intake, batch, settled)

    def take(
        self,
        intake: Intake,
        batch: Batch,
        settled: Callable[[], None] | None = None,
        *,
        advance: int | None = None,
    ) -> None:
        """Hand over a batch whose records are numbered from `next_offset`.

        Args:
            intake: who takes it.
            batch: one record at least.
            settled: is called once every record is where it should be.
            advance: how many numbers it takes, where that is not one for each record.
        """
        self._next += len(batch) if advance is None else advance
        weight = batch.weight
        self.in_flight += weight
        intake.take(batch, Receipt(Undivided(partial(self._settle, weight, settled))))

    @property
    def next_offset(self) -> int:
        """The number of the next record."""
        return self._next

    async def wait_for_room(self) -> None:
        """Return once more may be handed over, or `stop` was called."""
        while not (self.has_room or self._is_stopping):
            self._settled.clear()
            await self._settled.wait()

    def stop(self) -> None:
        """Let nobody wait for room any more."""
        self._is_stopping = True
        self._settled.set()

    def _settle(self, weight: int, settled: Callable[[], None] | None) -> None:
        self.in_flight -= weight
        self._settled.set()
        if settled is not None:
            settled()
