"""Dispatch to one output: collect, write, try again, put aside."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion_log_agent.outputs.output import GatheringOutput, Rejection
from pillion_log_agent.outputs.splitting import split
from pillion_log_agent.pipeline.delivery import Shipment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion.log import Logger
    from pillion_log_agent.outputs.output import Outcome, Output
    from pillion_log_agent.pipeline.deadletter import DeadLetters
    from pillion_log_agent.pipeline.delivery import Delivery
    from pillion_log_agent.pipeline.ledger import OutputFigures
    from pillion_log_agent.pipeline.outage import Outage
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.receipt import Receipt

WRITE_BYTES = 1024 * 1024
"""How much goes into one write at most, as it was read; an output may gather more."""
LONGEST_WAIT_SAID = 300.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to try again.

    Attributes:
        limit: how often; None for ever.
        base: seconds before the first retry, drawn from half of it up.
        cap: the longest wait.
    """

    limit: int | None = None
    base: float = 1.0
    cap: float = 60.0

    def wait(self, attempt: int, after: float | None, draw: Callable[[], float]) -> float:
        """Return the seconds to wait after the attempt of that number, from 1."""
        doubled = min(self.cap, self.base * 2.0 ** min(attempt - 1, 30))
        return max(doubled * (0.5 + draw() / 2), self.asked(after))

    @staticmethod
    def asked(after: float | None) -> float:
        """Return the seconds that the other side asks for, within reason."""
        return min(after or 0.0, LONGEST_WAIT_SAID)


class Dispatcher:
    """The queue and the worker of one output.

    Attributes:
        name: of the output.
        figures: what was done.
        outage: why it fails at present, if it does.
    """

    def __init__(
        self,
        name: str,
        output: Output,
        *,
        flush: float,
        retry_policy: RetryPolicy,
        figures: OutputFigures,
        dead_letters: DeadLetters,
        log: Logger,
        outage: Outage,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.output = output
        self.figures = figures
        self.outage = outage
        self._flush = flush if output.delay else 0.0
        self._write_bytes = WRITE_BYTES
        if isinstance(output, GatheringOutput):
            self._flush, self._write_bytes = output.gather_seconds, output.gather_bytes
        self._retry_policy = retry_policy
        self._dead_letters = dead_letters
        self._log = log
        self._draw = draw
        self._queue: deque[Shipment] = deque()
        self._queued_bytes = 0
        self._is_busy = False
        self._has_failed = False
        self._draining = asyncio.Event()
        self._woken = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing in its hands."""
        return not self._queue and not self._is_busy

    def put(self, batch: Batch, delivery: Delivery, receipt: Receipt) -> None:
        """Take a batch into the queue, with one hold of the receipt of its delivery."""
        loop = asyncio.get_running_loop()
        self._queue.append(Shipment(batch, delivery, receipt, loop.time()))
        self._queued_bytes += batch.length
        if len(self._queue) == 1 or self._queued_bytes >= self._write_bytes:
            self._woken.set()

    def drain(self) -> None:
        """Wait for no more company, and no longer before a retry than the other side asks for."""
        self._draining.set()
        self._woken.set()

    async def run(self) -> None:
        """Write what is put into the queue, until cancelled."""
        while True:
            await self._wait_for_work()
            self._is_busy = True
            try:
                await self._ship(self._next())
            finally:
                self._is_busy = False

    async def _wait_for_work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._woken.clear()
            wait: float | None = None
            if self._queue:
                is_due = self._queued_bytes >= self._write_bytes or self._draining.is_set()
                wait = 0.0 if is_due else self._queue[0].since + self._flush - loop.time()
                if wait <= 0:
                    return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), wait)

    def _next(self) -> list[Shipment]:
        """Take from the queue what goes into one write."""
        shipments: list[Shipment] = []
        size = 0
        while self._queue and (
            not shipments or size + self._queue[0].batch.length <= self._write_bytes
        ):
            shipment = self._queue.popleft()
            size += shipment.batch.length
            shipments.append(shipment)
        self._queued_bytes -= size
        return shipments

    async def _ship(self, shipments: list[Shipment]) -> None:
        """Write until each record is taken or put aside."""
        attempt = 0
        while shipments:
            attempt += 1
            try:
                outcome = await self._write([each.batch for each in shipments])
            except TransientError as error:
                self.figures.errors += 1
                self.outage.fail(str(error) or error.reason)
                after = error.after
            else:
                shipments = await self._settle(shipments, outcome)
                if not shipments:
                    self.outage.end()
                    return
                self.outage.fail(outcome.cause or "busy")
                after = outcome.after
            limit = self._retry_policy.limit
            if limit is not None and attempt > limit:
                await self._give_up(shipments)
                return
            self.figures.retries += 1
            self.figures.retried += sum(len(each.batch) for each in shipments)
            await self._pause(attempt, after)

    async def _write(self, batches: Sequence[Batch]) -> Outcome:
        """Write batches; where the output itself fails at a record, find that record."""
        try:
            return await self.output.write(batches)
        except TransientError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not stop the rest
            detail = f"{type(error).__name__}: {error}"
            if not self._has_failed:
                self._log.error("an output fails at a record", error=detail)
            self._has_failed = True
            return await split(batches, self._write, "error", detail)

    async def _pause(self, attempt: int, after: float | None) -> None:
        """Wait before the next attempt; while the pipeline drains, only as long as was asked."""
        loop = asyncio.get_running_loop()
        is_draining = self._draining.is_set()
        began = loop.time()
        end = began + self._retry_policy.wait(1 if is_draining else attempt, after, self._draw)
        while (left := end - loop.time()) > 0:
            pause = min(left, self.outage.remind(attempt, left))
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    if is_draining:
                        await asyncio.sleep(pause)
                    await self._draining.wait()
            if self._draining.is_set() and not is_draining:
                is_draining = True
                end = min(end, began + self._retry_policy.asked(after))

    async def _settle(self, shipments: list[Shipment], outcome: Outcome) -> list[Shipment]:
        """Account for an outcome; return what is to be sent again."""
        again: dict[int, list[int]] = {}
        for number, index in outcome.again:
            again.setdefault(number, []).append(index)
        await self._put_aside([(shipments[each.batch], each) for each in outcome.rejected])
        left: list[Shipment] = []
        for number, shipment in enumerate(shipments):
            indices = again.get(number)
            taken = len(shipment.batch) - len(indices or ())
            self.figures.records += taken
            if indices:
                left.append(shipment._replace(batch=shipment.batch.select(indices)))
            else:
                self.figures.bytes += shipment.batch.size
                shipment.receipt.release()
        self.figures.records -= len(outcome.rejected)
        return left

    async def _give_up(self, shipments: list[Shipment]) -> None:
        """Put records aside that were tried as often as they may be."""
        self.figures.failed += 1
        self.outage.give_up(sum(len(each.batch) for each in shipments))
        detail = self.outage.last_error or ""
        await self._put_aside(
            [
                (shipment, Rejection(number, index, "retries", detail))
                for number, shipment in enumerate(shipments)
                for index in range(len(shipment.batch))
            ]
        )
        for shipment in shipments:
            shipment.receipt.release()

    async def _put_aside(self, refused: list[tuple[Shipment, Rejection]]) -> None:
        """Put records aside; on a full disk, wait until there is room for them."""
        attempt = 0
        left = [(shipment.batch, rejection) for shipment, rejection in refused]
        while left:
            try:
                del left[: self._dead_letters.put(self.name, left)]
            except OSError as error:
                attempt += 1
                self.outage.fail(f"the dead-letter file cannot be written: {error.strerror}")
                await self._pause(attempt, None)
        self.figures.rejected += len(refused)
        for shipment, rejection in refused:
            offset = shipment.batch.offsets[rejection.index]
            shipment.delivery.reject(offset, rejection.reason)
