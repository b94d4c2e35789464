"""The pipeline: takes batches from the inputs, filters them, and routes them by their tags."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from pillion.errors import ConfigurationError
from pillion_log_agent.filters.filter import HoldingFilter, RetaggingFilter
from pillion_log_agent.inputs.input import FileInput
from pillion_log_agent.outputs.output import ServingOutput
from pillion_log_agent.pipeline.delivery import Delivery
from pillion_log_agent.pipeline.route import Router, metrics_of, shares_of, taken_out
from pillion_log_agent.records.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from pillion.log import Logger
    from pillion_log_agent.filters.filter import Retagged, WaitingFilter
    from pillion_log_agent.inputs.input import Input
    from pillion_log_agent.multiline.records import Joined
    from pillion_log_agent.pipeline.ledger import Ledger
    from pillion_log_agent.pipeline.route import Route, Stage, Target
    from pillion_log_agent.records.batch import Batch

MOST_RECORDS = 8192
"""In a batch; one of more goes on in parts, since each record costs memory at an output."""
LONGEST_IDLE_LOOK = 0.05
SHORTEST_LOOK, LONGEST_LOOK = 0.05, 1.0


class Pipeline:
    """One configuration at work.

    Attributes:
        inputs: by name.
        stages: the filters, in order.
        targets: the outputs.
        failure: what has ended a part of it that should go on; None as long as all is well.
    """

    def __init__(
        self,
        inputs: list[tuple[str, Input]],
        stages: list[Stage],
        targets: list[Target],
        ledger: Ledger,
        log: Logger,
        *,
        of_inputs: Mapping[str, tuple[Stage, ...]] | None = None,
    ) -> None:
        self.inputs = dict(inputs)
        self.stages = stages
        self.targets = targets
        self._ledger = ledger
        self._log = log
        self._of_inputs = dict(of_inputs or {})
        self._router = Router(stages, targets, self._of_inputs)
        self._waiting: dict[str, list[tuple[Batch, Receipt, int]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._reading: dict[str, asyncio.Task[None]] = {}
        self._is_ending = False
        self.failure: BaseException | None = None

    @property
    def waiting_filters(self) -> list[WaitingFilter]:
        """The filters that have to ask someone."""
        return [
            stage.filter  # type: ignore[misc]  # it has what tells the two apart
            for stage in self.all_stages
            if hasattr(stage.filter, "lookup")
        ]

    @property
    def file_inputs(self) -> dict[str, FileInput]:
        """The inputs that read files, by name."""
        return {name: each for name, each in self.inputs.items() if isinstance(each, FileInput)}

    @property
    def all_stages(self) -> list[Stage]:
        """The processors of inputs, and the filters."""
        return [*(each for some in self._of_inputs.values() for each in some), *self.stages]

    def route(self, batch: Batch) -> Route:
        """Return which filters and outputs the records of a batch meet: by tag and input."""
        return self._router.route(batch.tag, batch.origin)

    def prepare(self) -> None:
        """Take what its inputs need for themselves, while another pipeline is at work.

        Raises:
            ConfigurationError: one of them cannot have it; then none keeps anything.
        """
        try:
            for each in self.inputs.values():
                each.prepare()
        except ConfigurationError:
            for each in self.inputs.values():
                each.close()
            raise

    async def start(self) -> None:
        """Begin to read, filter and ship."""
        for waiting in self.waiting_filters:
            await waiting.start()
        for target in self.targets:
            if isinstance(target.dispatcher.output, ServingOutput):
                await target.dispatcher.output.serve(partial(metrics_of, self.all_stages))
            self._spawn(target.dispatcher.run())
        for stage, holding in self._holding():
            self._spawn(self._give_up_late(stage, holding))
        self._reading = {
            name: self._watched(self._read(name, each)) for name, each in self.inputs.items()
        }
        await asyncio.sleep(0)  # each does its first turn: a file made after the start is new to it

    async def drain(self, *, is_last: bool) -> None:
        """End the inputs, and return when all that they handed over is where it should be.

        Args:
            is_last: no pipeline follows this one.
        """
        self._is_ending = True
        for each in self.inputs.values():
            each.stop(is_last=is_last)
        await asyncio.gather(*self._reading.values(), return_exceptions=True)
        for stage, holding in self._holding():
            # What still waits for a lookup may be held by this filter afterwards.
            await self._until(lambda: not self._waiting)
            self._go_on(stage, holding.give_up(is_last=True))
        for target in self.targets:
            target.dispatcher.drain()
        await self._until(
            lambda: not self._waiting and all(each.dispatcher.is_idle for each in self.targets)
        )

    async def read_to_end(self, within: float) -> None:
        """Read every file to its end, for so many seconds at most."""
        files = self.file_inputs
        for each in files.values():
            each.read_to_end()
        reading = [task for name, task in self._reading.items() if name in files]
        if reading:
            await asyncio.wait(reading, timeout=within)

    async def close(self) -> None:
        """Let everything go; what was not acknowledged will be read again."""
        for task in (*self._reading.values(), *self._tasks):
            task.cancel()
        await asyncio.gather(*self._reading.values(), *self._tasks, return_exceptions=True)
        for each in self.inputs.values():
            each.close()
        for target in self.targets:
            await target.dispatcher.output.close()
        for waiting in self.waiting_filters:
            await waiting.close()

    @property
    def is_finished(self) -> bool:
        """Whether every input has come to an end by itself, and was not told to."""
        is_at_end = bool(self._reading) and all(task.done() for task in self._reading.values())
        return is_at_end and not self._is_ending

    def take(self, batch: Batch, receipt: Receipt) -> None:
        """Take a batch on its way; its receipt is released when all of it is where it should be."""
        self._ledger.take(len(batch))
        figures = self._ledger.inputs[batch.origin.input]
        figures.records += len(batch)
        figures.bytes += batch.size
        route = self.route(batch)
        if len(batch) > MOST_RECORDS:
            self._go_in_parts(route, batch, receipt)
        else:
            self._go(route, batch, receipt)

    def _go_in_parts(self, route: Route, batch: Batch, receipt: Receipt) -> None:
        for start in range(0, len(batch), MOST_RECORDS):
            receipt.hold()
            end = min(start + MOST_RECORDS, len(batch))
            self._go(route, batch.select(range(start, end)), receipt)
        receipt.release()

    def _go(self, route: Route, batch: Batch, receipt: Receipt) -> None:
        if not len(batch):
            receipt.release()
            return
        self._enter(route, batch, receipt, 0)

    def drop(self, records: int, reason: str) -> None:
        """Note records that were read and go no further."""
        self._ledger.take(records)
        self._ledger.drop(records, reason)

    def _enter(self, route: Route, batch: Batch, receipt: Receipt, first: int) -> None:
        """Ship a batch by the filters from the first on, behind those of its file that wait."""
        identity = batch.origin.identity
        behind = self._waiting.get(identity)
        if behind is not None:
            behind.append((batch, receipt, first))
            return
        lookup = self._lookup(route, batch)
        if lookup is None:
            self._ship(route, batch, receipt, first)
            return
        self._waiting[identity] = [(batch, receipt, first)]
        self._spawn(self._ship_after(lookup, identity))

    def _ship(self, route: Route, batch: Batch, receipt: Receipt, first: int) -> None:
        for number, stage in enumerate(route.stages[first:], first + 1):
            if isinstance(stage.filter, HoldingFilter):
                for joined in stage.filter.hold(batch, receipt):
                    self._ledger.filter(joined.vanished, stage.name)
                    self._ship(route, joined.batch, joined.receipt, number)
                return
            if isinstance(stage.filter, RetaggingFilter):
                retagged = stage.filter.retag(batch)
                self._hand_on(retagged, receipt)
                batch = retagged.rest
            else:
                before = len(batch)
                batch = stage.filter.apply(batch)
                self._ledger.change(len(batch) - before, stage.name)
            if not len(batch):
                receipt.release()
                return
        if not route.targets:
            # Only now: a filter may have handed records on under other tags, or counted them.
            self._ledger.drop(len(batch), "no_output")
            receipt.release()
            return
        batch.seal()
        # What filters have added is held as long as the records, and bounded with them.
        receipt.add_weight(batch.weight - batch.read_weight)
        self._deliver(route, batch, receipt)

    def _deliver(self, route: Route, batch: Batch, receipt: Receipt) -> None:
        """Put a batch into the queues of its outputs, for some behind processors of their own."""
        shares = shares_of(batch, route)
        gone = taken_out(batch, shares)
        if gone:
            self._ledger.filter(gone, shares[0][0].processors[-1].name)
        delivery = Delivery(len(batch) - gone, self._ledger, receipt)
        delivered = Receipt(delivery)
        for target, share in shares:
            if len(share):
                delivered.hold()
                target.dispatcher.put(share, delivery, delivered)
        delivered.release()

    def _hand_on(self, retagged: Retagged, receipt: Receipt) -> None:
        """Let records begin anew under their other tags."""
        self._ledger.take(retagged.copies)
        for batch in retagged.moved:
            receipt.hold()
            if retagged.copies:
                receipt.add_weight(batch.read_weight)
            self._go(self.route(batch), batch, receipt)

    def _holding(self) -> list[tuple[Stage, HoldingFilter]]:
        """Return the filters that keep records back, in order."""
        return [
            (stage, stage.filter)
            for stage in self.all_stages
            if isinstance(stage.filter, HoldingFilter)
        ]

    async def _give_up_late(self, stage: Stage, holding: HoldingFilter) -> None:
        """Let records go on whose rest has not come, as long as the pipeline is at work."""
        every = max(min(holding.timeout / 4, LONGEST_LOOK), SHORTEST_LOOK)
        while True:
            await asyncio.sleep(every)
            self._go_on(stage, holding.give_up(is_last=False))

    def _go_on(self, stage: Stage, given_up: list[Joined]) -> None:
        """Let records go on behind the filter that has kept them back."""
        for joined in given_up:
            self._ledger.filter(joined.vanished, stage.name)
            route = self.route(joined.batch)
            self._enter(route, joined.batch, joined.receipt, route.stages.index(stage) + 1)

    @staticmethod
    def _lookup(route: Route, batch: Batch) -> asyncio.Future[Any] | None:
        """Have each filter ask what it has to; return what all of it is waited for by."""
        lookups = [getattr(stage.filter, "lookup", None) for stage in route.stages]
        asked = [lookup(batch) for lookup in lookups if lookup is not None]
        found = [each for each in asked if each is not None]
        return asyncio.gather(*found) if found else None

    async def _ship_after(self, lookup: asyncio.Future[Any], identity: str) -> None:
        await lookup
        for batch, receipt, first in self._waiting.pop(identity):
            self._ship(self.route(batch), batch, receipt, first)

    @staticmethod
    async def _until(holds: Callable[[], bool]) -> None:
        while not holds():  # noqa: ASYNC110  # it ends once, and nobody waits for its last 50 ms
            await asyncio.sleep(LONGEST_IDLE_LOOK)

    async def _read(self, name: str, each: Input) -> None:
        await each.run(self)
        self._log.debug("an input has come to its end", input=name)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = self._watched(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _watched(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        task.add_done_callback(self._note_failure)
        return task

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        failure = None if task.cancelled() else task.exception()
        while isinstance(failure, BaseExceptionGroup):
            failure = failure.exceptions[0]
        self.failure = self.failure or failure
