"""The input `tail`: files that are followed."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.tail import (
    Checkpoint,
    MemoryCheckpoint,
    Tailer,
    check_pattern,
)
from pillion.tail.lowlevel import Sleeper
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.reasons import WINDOWS
from pillion_log_agent.inputs.lines import LineReader
from pillion_log_agent.inputs.synced import SyncedCheckpoint
from pillion_log_agent.inputs.tail_gzip import GzipFiles, is_compressed
from pillion_log_agent.inputs.tail_metrics import tail_metrics
from pillion_log_agent.inputs.tail_multiline import Joiners, joining_of
from pillion_log_agent.inputs.tail_options import long_lines_of, options_of
from pillion_log_agent.inputs.tail_properties import TailProperties
from pillion_log_agent.inputs.takeover.read import take_over
from pillion_log_agent.parsers.builtin import built_in
from pillion_log_agent.parsers.make import make_parser
from pillion_log_agent.patterns.tags import expand_tag
from pillion_log_agent.records.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prometheus_client import Metric

    from pillion.tail import Chunk
    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext, Intake
    from pillion_log_agent.inputs.tail_multiline import Handed, JoiningPlan
    from pillion_log_agent.multiline.stream import End
    from pillion_log_agent.parsers.parsed import Parser
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.receipt import Receipt

MOST_ORIGINS = 10_000
SECOND = 1_000_000_000
_ENGINE = "the tail engine sizes its reads itself"
_WATCHES = "inotify is a hint and polling the truth, always"
TAIL = Declaration(
    name="tail",
    summary="Follows files by their paths, over rotation and restarts.",
    properties=TailProperties,
    accepted={
        "buffer_chunk_size": _ENGINE,
        "static_batch_size": _ENGINE,
        "event_batch_size": _ENGINE,
        "watcher_interval": _WATCHES,
        "progress_check_interval": _WATCHES,
        "progress_check_interval_nsec": _WATCHES,
        "inotify_watcher": _WATCHES,
        "file_cache_advise": _ENGINE,
        "ignore_active_older_files": "a quiet file costs nothing, and what is added is read",
        "db.sync": "the checkpoint is synced at every write",
        "db.locking": "the checkpoint is locked, always",
        "db.journal_mode": "the checkpoint is a file of its own",
        "db.compare_filename": "a file is known by its content",
        "windows.path_encoding": WINDOWS,
    },
    refused={
        "unicode.encoding": "let the program write UTF-8, or convert its file with iconv",
        "generic.encoding": "let the program write UTF-8, or convert its file with iconv",
    },
    required=("path",),
    numbered=("parser_n",),
    build=lambda *arguments: TailInput(*arguments),  # noqa: PLW0108  # it is defined below
)


class TailInput:
    """One `tail`: a tailer, and what makes batches of its chunks."""

    def __init__(
        self, properties: TailProperties, shared: InputProperties, context: InputContext
    ) -> None:
        if not properties.read_newly_discovered_files_from_head:
            raise ConfigurationError(
                "read_newly_discovered_files_from_head: off is not supported; a file that appears "
                "later is read from its beginning, so that nothing in it is lost"
            )
        if not properties.path:
            raise ConfigurationError("path: is empty; write globs of files, with commas")
        self._properties = properties
        self._context = context
        self._clock = context.joining.clock
        self._tag = shared.tag or context.name
        self._origins: dict[str, tuple[str, Origin]] = {}
        plan = joining_of(properties, context)
        self._reader = LineReader(
            properties.key,
            parser_of(properties, context, plan),
            properties.offset_key,
            properties.skip_empty_lines,
        )
        self._joiners = Joiners(plan, self._reader) if plan is not None else None
        for pattern in (*properties.path, *properties.exclude_path):
            check_pattern(pattern)
        self._directory = checkpoint_directory(properties.db, context)
        if self._directory is not None:
            context.claim(f"db: {self._directory}")
        self._options = options = options_of(properties, context.in_flight_bytes)
        self._gzip = GzipFiles(
            options.max_line_bytes, long_lines_of(properties), options.in_flight_bytes, context.log
        )
        self._tailer: Tailer | None = None
        self._has_run = False
        self._is_stopping = False

    def prepare(self) -> None:
        """Take the checkpoint, unless an input at work has it, which leaves it to this one.

        Raises:
            ConfigurationError: another process has it, or its directory is none.
        """
        in_use = self._context.handover.checkpoints
        if self._directory is not None and self._directory not in in_use:
            self._tailer = self._open()

    async def run(self, intake: Intake) -> None:
        """Hand over a batch for each chunk, until all files are read to their ends after `stop`."""
        if self._tailer is None:
            self._tailer = self._open()
        # What is left here is of an input with the same name and another checkpoint.
        self._context.handover.close(self._context.name)
        self._has_run = True
        if self._properties.exit_on_eof:
            self._tailer.stop()
        async with asyncio.TaskGroup() as tasks:
            late = tasks.create_task(self._give_up_late(intake)) if self._joiners else None
            await self._follow(self._tailer, intake)
            if late is not None:
                late.cancel()
        # What waits is delivered as it is: kept back, it would keep back what came with it.
        self._give_up(intake, None)

    async def _follow(self, tailer: Tailer, intake: Intake) -> None:
        sleeper = Sleeper(tailer)
        while not (tailer.is_finished or self._is_stopping):
            chunks = tailer.step()
            for chunk in chunks:
                if is_compressed(chunk.path):
                    async for text in self._gzip.chunks(chunk, intake):
                        self._take(text, intake)
                else:
                    self._take(chunk, intake)
                await asyncio.sleep(0)
            if not chunks and not tailer.is_finished:
                await sleeper.wait()

    def stop(self, *, is_last: bool) -> None:
        """Read no more: it stays in the files, and the position is kept.

        Where none outlives the process, the last input reads what is there to its end.
        """
        if self._tailer is not None and is_last and self._directory is None:
            self._tailer.stop()
            return
        self._is_stopping = True
        self._gzip.stop()
        if self._tailer is not None:
            self._tailer.waker.wake()

    def close(self) -> None:
        """Write the checkpoint for the last time, and leave the files to who may follow."""
        if self._tailer is None:
            return
        if self._has_run:
            self._context.handover.open_files[self._context.name] = self._tailer.handover()
        else:
            self._tailer.close()
        if self._directory is not None:
            self._context.handover.checkpoints.discard(self._directory)

    def collect(self) -> Iterable[Metric]:
        """Return what the tailer counts."""
        return tail_metrics(self._context.name, self._tailer) if self._tailer else ()

    def read_to_end(self) -> None:
        """Read what is there to its end, unfinished lines included, and then come to an end."""
        if self._tailer is not None:
            self._tailer.stop()

    def refused(self) -> Mapping[str, str]:
        """Return the files and directories that may not be read, each with why."""
        return self._tailer.refused if self._tailer is not None else {}

    def why_blind(self) -> str | None:
        """Return why it can read nothing, or not what it was named; None where it can."""
        return self._tailer.why_blind if self._tailer is not None else None

    def _open(self) -> Tailer:
        context = self._context
        if self._directory is not None and self._properties.db:
            take_over(self._properties.db, self._directory, context.log)
        tailer = Tailer(
            self._properties.path,
            checkpoint=SyncedCheckpoint(Checkpoint(self._directory), context.sync)
            if self._directory
            else MemoryCheckpoint(context.handover.kept, f"tail {context.name}"),
            options=self._options,
            log=self._context.log,
            wall_ns=self._context.wall_ns,
            handover=context.handover.open_files.pop(context.name, None),
        )
        if self._directory is not None:
            context.handover.checkpoints.add(self._directory)
        return tailer

    def _take(self, chunk: Chunk, intake: Intake) -> None:
        tag, origin = self._named(chunk.path, chunk.identity)
        now = self._context.wall_ns()
        drops = long_lines_of(self._properties) == "drop"
        if drops and not chunk.ends_line and chunk.after == "skipping":
            intake.drop(1, "long_line")
            chunk.ack()
            return
        for batch, receipt in self._handed(chunk, tag, origin, now):
            if not chunk.ends_line:
                batch.origin = batch.origin.cut_at(chunk.end)
            self._hand_over(batch, receipt, intake)

    def _handed(self, chunk: Chunk, tag: str, origin: Origin, now: int) -> Iterable[Handed]:
        if self._joiners is not None:
            return self._joiners.take(chunk, tag, origin, now, self._clock())
        batch = self._reader.batch(chunk.data, tag, origin, chunk.start, now)
        return [(batch, chunk.receipt)]

    def _hand_over(self, batch: Batch, receipt: Receipt, intake: Intake) -> None:
        properties = self._properties
        if properties.offset_key is not None and self._joiners is not None:
            for record, offset in zip(batch.records(), batch.offsets, strict=True):
                record[properties.offset_key] = offset
        if properties.path_key is not None:
            batch.put(properties.path_key, batch.origin.path)
        if properties.ignore_older_records:
            oldest = self._context.wall_ns() - int(properties.ignore_older_records * SECOND)
            times = batch.times.nanoseconds()
            young = [index for index, time in enumerate(times) if time >= oldest]
            if len(young) < len(times):
                intake.drop(len(times) - len(young), "ignore_older_records")
                batch = batch.select(young)
        excess = batch.read_weight - batch.size
        if excess:
            # Short lines take more memory than room in their file.
            receipt.add_weight(excess)
        intake.take(batch, receipt)

    async def _give_up_late(self, intake: Intake) -> None:
        assert self._joiners is not None
        while True:
            await asyncio.sleep(self._joiners.look_every)
            self._give_up(intake, self._clock())

    def _give_up(self, intake: Intake, clock: float | None) -> None:
        """Hand over what waits for a rest that has not come; with no clock, all of it."""
        if self._joiners is not None:
            end: End = "stop" if clock is None else "timeout"
            for batch, receipt in self._joiners.give_up(self._context.wall_ns(), clock, end):
                self._hand_over(batch, receipt, intake)

    def _named(self, path: str, identity: str) -> tuple[str, Origin]:
        """Return the tag and the origin of a generation."""
        named = self._origins.get(identity)
        if named is None or named[1].path != path:
            if len(self._origins) >= MOST_ORIGINS:
                self._origins.clear()
            tag = expand_tag(self._tag, path, self._properties.tag_regex)
            named = self._origins[identity] = tag, Origin(self._context.name, path, identity)
        return named


def checkpoint_directory(db: str | None, context: InputContext) -> str | None:
    """Return where the positions are kept: beside `db`, else below the state directory."""
    if db:
        return os.path.realpath(f"{db}.pillion")
    return os.path.realpath(os.path.join(context.state, context.name)) if context.state else None


def parser_of(
    properties: TailProperties, context: InputContext, plan: JoiningPlan | None
) -> Parser | None:
    """Return what parses a line of its own, None when it is taken as text."""
    if plan is None:
        return context.parser(properties.parser) if properties.parser else None
    if plan.pieces is not None:
        return make_parser(built_in("docker")) if "docker" in plan.pieces.runtimes else None
    return context.parser(plan.parser) if plan.parser is not None else None
