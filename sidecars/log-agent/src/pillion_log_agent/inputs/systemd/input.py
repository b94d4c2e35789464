"""The input `systemd` at work."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from pillion.errors import ConfigurationError
from pillion_log_agent.inputs.in_order import InOrder
from pillion_log_agent.inputs.outstanding import Outstanding
from pillion_log_agent.inputs.position import PositionStore, position_directory
from pillion_log_agent.inputs.systemd.entry import place_of, record_of, tag_of
from pillion_log_agent.inputs.systemd.journal import Journal
from pillion_log_agent.inputs.systemd.takeover import cursor_of
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.timestamps import Timestamps

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext, Intake
    from pillion_log_agent.inputs.systemd.properties import SystemdProperties

MOST_IN_A_GO = 250
"""Entries between two turns of the loop: 10 ms or so."""
MOST_BYTES = 1024 * 1024
LOOK_EVERY = 1.0
MICROSECOND = 1000


class SystemdInput:
    """Reads entries, and keeps the cursor of the last one that every output has taken."""

    def __init__(
        self, properties: SystemdProperties, shared: InputProperties, context: InputContext
    ) -> None:
        if properties.path is not None and not os.path.isdir(properties.path):
            raise ConfigurationError(f"path: {properties.path} is not a directory")
        for name in ("max_entries", "max_fields"):
            if getattr(properties, name) < 1:
                raise ConfigurationError(f"{name}: has to be 1 at least")
        self._properties = properties
        self._tag = shared.tag or context.name
        self._context = context
        self._log = context.log
        self._key = f"systemd {context.name}"
        directory = position_directory(properties.db, context)
        if directory is not None:
            context.claim(f"db: {directory}")
        self._store = (
            None if directory is None else PositionStore(directory, context.sync, context.log)
        )
        self._outstanding = Outstanding(context)
        self._order: InOrder[str] = InOrder()
        self._saved: str | None = None
        self._last: str | None = None
        self._journal: Journal | None = None
        self._stopping = asyncio.Event()
        self._wake = asyncio.Event()
        Journal(properties.path).close()

    def prepare(self) -> None:
        """Make the directory of the position; raises ConfigurationError."""
        if self._store is not None:
            self._store.prepare()

    async def run(self, intake: Intake) -> None:
        """Hand over entries as they are written, until `stop`."""
        self._last = self._saved = self._first_position()
        while not self._stopping.is_set():
            try:
                await self._follow(intake)
            except OSError as error:
                # A journal that was taken away, or a disk that cannot be read.
                self._log.warning(
                    "the journal cannot be read; it is opened again", reason=error.strerror
                )
                await self._pause(LOOK_EVERY)
            finally:
                self._close_journal()

    async def _follow(self, intake: Intake) -> None:
        loop = asyncio.get_running_loop()
        journal = self._journal = self._opened()
        loop.add_reader(journal.fileno(), self._wake.set)
        while not self._stopping.is_set():
            await self._outstanding.wait_for_room()
            if self._stopping.is_set():
                return
            self._wake.clear()
            journal.process()
            if self._read(journal, intake):
                await asyncio.sleep(0)
            else:
                await self._pause(LOOK_EVERY)
            self._keep_position()

    def _opened(self) -> Journal:
        properties = self._properties
        journal = Journal(properties.path)
        journal.add_matches(
            properties.systemd_filter, are_all_needed=properties.systemd_filter_type == "and"
        )
        if self._last is not None:
            if not journal.seek_behind(self._last):
                self._log.warning(
                    "the entry of the position is gone from the journal; what follows it is read",
                    cursor=self._last,
                )
        elif properties.read_from_tail:
            if journal.seek_end():
                # What is written while this process is down counts as written from now on.
                self._last = self._order.reached = journal.cursor()
        else:
            journal.seek_head()
        return journal

    def _first_position(self) -> str | None:
        kept = self._context.handover.kept.pop(self._key, None)
        if kept is not None:
            return kept.decode()
        position = self._store.load() if self._store is not None else None
        if position is None and self._properties.db:
            return cursor_of(self._properties.db, self._log)
        return position

    def _read(self, journal: Journal, intake: Intake) -> int:
        """Hand over the entries of one go, and return how many those are."""
        properties = self._properties
        batches: dict[tuple[str, str], tuple[list[dict[str, Any]], list[int], list[int]]] = {}
        count = size = 0
        cursor = ""
        while count < min(properties.max_entries, MOST_IN_A_GO) and size < MOST_BYTES:
            if not journal.next():
                break
            cursor = journal.cursor()
            fields = list(journal.fields())
            size += sum(map(len, fields))
            record, unit = record_of(
                fields,
                most=properties.max_fields,
                strips=properties.strip_underscores,
                lowers=properties.lowercase,
            )
            sequence, number = place_of(cursor)
            key = tag_of(self._tag, unit), sequence
            records, times, offsets = batches.setdefault(key, ([], [], []))
            records.append(record)
            times.append(journal.time_us() * MICROSECOND)
            offsets.append(number)
            count += 1
        if count:
            self._last = cursor
            self._hand_over(intake, batches, size // count)
        return count

    def _hand_over(
        self,
        intake: Intake,
        batches: dict[tuple[str, str], tuple[list[dict[str, Any]], list[int], list[int]]],
        mean: int,
    ) -> None:
        assert self._last is not None
        part = self._order.add(self._last)
        left = len(batches)

        def settled() -> None:
            nonlocal left
            left -= 1
            if not left:
                self._order.settle(part)

        for (tag, sequence), (records, times, offsets) in batches.items():
            origin = Origin(self._context.name, self._properties.path or "journal", sequence)
            size = mean * len(records)
            batch = Batch(
                tag, origin, Timestamps(times), records=records, offsets=offsets, size=size
            )
            self._outstanding.take(intake, batch, partial(settled))

    def _keep_position(self) -> None:
        reached = self._order.reached
        if self._store is None or reached is None or reached == self._saved:
            return
        if self._store.save(reached):
            self._saved = reached

    async def _pause(self, seconds: float) -> None:
        """Wait until there may be more, or `stop`."""
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return

    def stop(self, *, is_last: bool) -> None:  # noqa: ARG002  # what is unread stays in the journal
        """Read no more."""
        self._stopping.set()
        self._wake.set()
        self._outstanding.stop()

    def collect(self) -> Iterable[Metric]:
        """Return nothing beside what is counted of every input."""
        return ()

    def close(self) -> None:
        """Keep the position for the last time, or leave it to who follows."""
        self._close_journal()
        self._keep_position()
        reached = self._order.reached or self._saved
        if reached is not None:
            self._context.handover.kept[self._key] = reached.encode()

    def _close_journal(self) -> None:
        if self._journal is not None:
            asyncio.get_running_loop().remove_reader(self._journal.fileno())
            self._journal.close()
            self._journal = None
