"""A dispatcher without a pipeline: its output, its log and its account in the test's hands."""

from __future__ import annotations

import asyncio
import io
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pillion.log import Logger
from pillion_log_agent.outputs.output import TAKEN
from pillion_log_agent.pipeline.deadletter import DeadLetters
from pillion_log_agent.pipeline.delivery import Delivery
from pillion_log_agent.pipeline.dispatch import Dispatcher, RetryPolicy
from pillion_log_agent.pipeline.ledger import Ledger
from pillion_log_agent.pipeline.outage import Outage
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.receipt import Receipt
from pillion_log_agent.records.timestamps import Timestamps
from tests.sidecars.log_agent.receipts import noting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from pillion_log_agent.outputs.output import Outcome, Output
    from pillion_log_agent.records.columns import Record

ORIGIN = Origin("tail.0", "/a.log", "generation")


class Collecting:
    """An output that takes everything."""

    delay = False

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        self.taken += [body for batch in batches for body in batch.bodies()]
        return TAKEN

    async def close(self) -> None:
        """Nothing is open."""


class Desk:
    """A dispatcher with all that it needs.

    Attributes:
        settled: the names of the batches whose receipts have come back.
    """

    def __init__(
        self,
        output: Output,
        *,
        letters: Path | None = None,
        letters_limit: int = 1 << 20,
        policy: RetryPolicy | None = None,
        flush: float = 0.0,
        remind_every: float = 60.0,
    ) -> None:
        self.log = io.StringIO()
        self.ledger = Ledger()
        self.settled: list[str] = []
        logger = Logger(stream=self.log)
        self.dead_letters = DeadLetters(
            str(letters) if letters is not None else None, letters_limit, logger, time.time_ns
        )
        self.outage = Outage(
            "out", logger, clock=time.monotonic, wall_ns=time.time_ns, every=remind_every
        )
        self.dispatcher = Dispatcher(
            "out",
            output,
            flush=flush,
            retry_policy=policy or RetryPolicy(),
            figures=self.ledger.outputs["out"],
            dead_letters=self.dead_letters,
            log=logger,
            outage=self.outage,
            draw=lambda: 1.0,
        )

    def put(
        self,
        count: int,
        name: str = "batch",
        records: list[Record] | None = None,
        size: int | None = None,
    ) -> None:
        """Put a batch into its queue."""
        self.ledger.take(count)
        delivery = Delivery(count, self.ledger, noting(self.settled, name))
        made = records or [{"n": number} for number in range(count)]
        self.dispatcher.put(
            Batch(
                "tag",
                ORIGIN,
                Timestamps([0] * count),
                records=made,
                offsets=list(range(count)),
                size=count if size is None else size,
            ),
            delivery,
            Receipt(delivery),
        )

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Have it work meanwhile."""
        working = asyncio.ensure_future(self.dispatcher.run())
        try:
            yield
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def until_settled(self, *names: str) -> None:
        """Wait until the receipts of these have come back."""
        async with asyncio.timeout(10):
            while not set(names) <= set(self.settled):
                await asyncio.sleep(0.001)
