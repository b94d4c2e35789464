"""The input `tail`: files that are followed."""

from __future__ import annotations

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.tail import Checkpoint, FromLine, LastLines, Tailer, TailOptions
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.inputs.joining import Joiner, Joining
from pillion_log_agent.inputs.lines import LineReader
from pillion_log_agent.inputs.memory import MemoryCheckpoint
from pillion_log_agent.inputs.tail_metrics import tail_families
from pillion_log_agent.inputs.tail_properties import LEAST_LINE, TailProperties
from pillion_log_agent.parsers.builtin import built_in
from pillion_log_agent.parsers.make import make_parser
from pillion_log_agent.parsers.runtime import AS_MULTILINE, AS_PARSER, RUNTIMES
from pillion_log_agent.patterns.tags import expand_tag
from pillion_log_agent.pipeline.batch import Origin
from pillion_log_agent.pipeline.countdown import Countdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pillion.metrics import Family
    from pillion.tail import Chunk
    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext, Intake
    from pillion_log_agent.pipeline.batch import Batch

CHUNK = 256 * 1024
SHORTEST_SCAN, LONGEST_SCAN = 0.5, 10.0
MOST_ORIGINS = 10_000
SECOND = 1_000_000_000
DOCKER_WHOLE = b'\\n","stream":"'
"""What stands in each line of docker's that is no piece of one: the text ends in a newline."""


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
        "db.sync": "the checkpoint is synced at every write",
        "db.locking": "the checkpoint is locked, always",
        "db.journal_mode": "the checkpoint is a file of its own",
        "db.compare_filename": "a file is known by its content",
    },
    required=("path",),
    build=lambda *arguments: TailInput(*arguments),  # noqa: PLW0108  # it is defined below
)


class TailInput:
    """One `tail`: a tailer, and what makes batches of its chunks."""

    def __init__(
        self, properties: TailProperties, shared: InputProperties, context: InputContext
    ) -> None:
        if not properties.path:
            raise ConfigurationError("path: is empty; write globs of files, with commas")
        self._properties = properties
        self._context = context
        self._tag = shared.tag or context.name
        self._origins: dict[str, tuple[str, Origin]] = {}
        self._joining = joining_of(properties, context)
        self._joiners: dict[str, Joiner] = {}
        is_parsed = self._joining is None
        parser = context.parser(properties.parser) if properties.parser and is_parsed else None
        if self._joining is not None and "docker" in self._joining.runtimes:
            parser = make_parser(built_in("docker"))
        self._reader = LineReader(
            properties.key, parser, properties.offset_key, properties.skip_empty_lines
        )
        self._directory = checkpoint_directory(properties.db, context)
        self._options = options_of(properties, context.in_flight_bytes)
        self._tailer: Tailer | None = None
        self._waiting = ThreadPoolExecutor(1, f"wait-{context.name}")
        self._is_stopping = False
        self._excess = 0

    async def run(self, intake: Intake) -> None:
        """Hand over a batch for each chunk, until all files are read to their ends after `stop`."""
        tailer = self._tailer = self._open()
        if self._properties.exit_on_eof:
            tailer.stop()
        giving_up = asyncio.ensure_future(self._give_up_late(intake))
        try:
            while not (tailer.is_finished or self._is_stopping):
                tailer.hold(is_held=self._excess > self._context.in_flight_bytes)
                chunks = tailer.step()
                for chunk in chunks:
                    self._take(chunk, intake)
                if chunks:
                    await asyncio.sleep(0)
                else:
                    await self._wait(tailer)
        finally:
            giving_up.cancel()
        if tailer.is_finished:
            self._give_up(intake, None)

    def stop(self, *, is_last: bool) -> None:
        """Read no more: it stays in the files, and the position is kept.

        Where none outlives the process, the last input reads what is there to its end.
        """
        if self._tailer is not None and is_last and self._directory is None:
            self._tailer.stop()
            return
        self._is_stopping = True
        if self._tailer is not None:
            self._tailer.waker.wake()

    def close(self) -> None:
        """Write the checkpoint for the last time, and leave the files to who may follow."""
        if self._tailer is not None:
            self._tailer.waker.wake()
            self._waiting.shutdown()
            self._context.handed_on.open_files[self._context.name] = self._tailer.hand_on()

    def families(self) -> Iterable[Family]:
        """Return what the tailer counts."""
        return tail_families(self._context.name, self._tailer) if self._tailer else ()

    async def _wait(self, tailer: Tailer) -> None:
        """Wait in a thread until there may be more; a file or an acknowledgement wakes it."""
        if tailer.is_finished or self._is_stopping:
            return
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._waiting, tailer.wait)
        except asyncio.CancelledError:
            tailer.waker.wake()
            raise

    def _open(self) -> Tailer:
        context = self._context
        return Tailer(
            self._properties.path,
            checkpoint=Checkpoint(self._directory)
            if self._directory
            else MemoryCheckpoint(context.handed_on.kept, f"tail {context.name}"),
            options=self._options,
            log=self._context.log,
            wall_ns=self._context.wall_ns,
            handed_on=context.handed_on.open_files.pop(context.name, None),
        )

    def _take(self, chunk: Chunk, intake: Intake) -> None:
        tag, origin = self._named(chunk.path, chunk.identity)
        now = self._context.wall_ns()
        if self._properties.skip_long_lines and not chunk.ends_line and chunk.after == "skipping":
            intake.drop(1, "long_line")
            chunk.ack()
            return
        ack = chunk.ack
        parts = _parts(chunk)
        if len(parts) > 1:
            both = Countdown(chunk.ack)
            both.hold()
            ack = both.release
        for data, start in parts:
            is_line = start > chunk.start or chunk.starts_line
            if self._joining is None or (is_line and self._is_whole(data, origin)):
                batch, done = self._reader.batch(data, tag, origin, start, now), ack
            else:
                batch, done = self._join(data, start, tag, origin, ack)
            if not data.endswith(b"\n"):
                batch.origin = origin.cut_at(chunk.end)
            self._hand_over(batch, done, intake)

    def _join(
        self, data: bytes, start: int, tag: str, origin: Origin, ack: Callable[[], None]
    ) -> tuple[Batch, Callable[[], None]]:
        """Return the lines that are whole, with pieces of before and without those of later."""
        assert self._joining is not None
        joiner = self._joiners.get(origin.identity)
        if joiner is None:
            joiner = self._joiners[origin.identity] = Joiner(self._joining, tag, origin)
        joined = joiner.take(data, start, ack, self._context.wall_ns(), time.monotonic())
        if not joiner.is_waiting:
            del self._joiners[origin.identity]
        self._put_offsets(joined[0])
        return joined

    def _put_offsets(self, joined: Batch) -> None:
        key = self._properties.offset_key
        if key is not None:
            for record, offset in zip(joined.records(), joined.offsets, strict=True):
                record[key] = offset

    def _is_whole(self, data: bytes, origin: Origin) -> bool:
        """Whether docker wrote the lines, and split none of them."""
        if origin.identity in self._joiners:
            return False
        return data.count(DOCKER_WHOLE) == data.count(b"\n")

    def _hand_over(self, batch: Batch, ack: Callable[[], None], intake: Intake) -> None:
        if self._properties.path_key is not None:
            batch.put(self._properties.path_key, batch.origin.path)
        oldest = self._context.wall_ns() - int(self._properties.ignore_older * SECOND)
        if self._properties.ignore_older:
            times = batch.times.nanoseconds()
            young = [index for index, time in enumerate(times) if time >= oldest]
            if len(young) < len(times):
                intake.drop(len(times) - len(young), "ignore_older")
                batch = batch.select(young)
        excess = batch.weight - batch.size
        if excess:
            self._excess += excess
            ack = partial(self._lighten, excess, ack)
        intake.take(batch, ack)

    def _lighten(self, excess: int, ack: Callable[[], None]) -> None:
        """Acknowledge short lines, which took more memory than room in their file."""
        self._excess -= excess
        ack()

    async def _give_up_late(self, intake: Intake) -> None:
        while True:
            await asyncio.sleep(1.0)
            self._give_up(intake, time.monotonic())

    def _give_up(self, intake: Intake, clock: float | None) -> None:
        """Hand over the lines whose rest has not come; with no clock, all of them."""
        for identity, joiner in list(self._joiners.items()):
            given_up = joiner.give_up(self._context.wall_ns(), clock)
            if given_up is not None:
                self._put_offsets(given_up[0])
                self._hand_over(*given_up, intake)
            if not joiner.is_waiting:
                del self._joiners[identity]

    def _named(self, path: str, identity: str) -> tuple[str, Origin]:
        """Return the tag and the origin of a generation."""
        named = self._origins.get(identity)
        if named is None or named[1].path != path:
            if len(self._origins) >= MOST_ORIGINS:
                self._origins.clear()
            tag = expand_tag(self._tag, path, self._properties.tag_regex)
            named = self._origins[identity] = tag, Origin(self._context.name, path, identity)
        return named


def _parts(chunk: Chunk) -> list[tuple[bytes, int]]:
    """Return a chunk's whole lines, and its last one apart if it is a piece: data and start."""
    end = len(chunk.data) if chunk.ends_line else chunk.data.rfind(b"\n") + 1
    if not 0 < end < len(chunk.data):
        return [(chunk.data, chunk.start)]
    return [(chunk.data[:end], chunk.start), (chunk.data[end:], chunk.start + end)]


def options_of(properties: TailProperties, in_flight_bytes: int) -> TailOptions:
    """Return how the tailer reads."""
    longest = max(properties.buffer_max_size, LEAST_LINE)
    chunk = min(CHUNK, max(in_flight_bytes // 4, 1024))
    return TailOptions(
        exclude=properties.exclude_path,
        start=FromLine(1) if properties.read_from_head else LastLines(0),
        chunk_bytes=chunk,
        in_flight_bytes=max(in_flight_bytes, longest + 1),
        max_line_bytes=longest,
        long_lines="truncate" if properties.skip_long_lines else "split",
        partial_flush=properties.partial_flush,
        rotate_wait=properties.rotate_wait,
        keep_names=True,
        scan_interval=max(min(properties.refresh_interval, LONGEST_SCAN), SHORTEST_SCAN),
        count_lines=False,
    )


def checkpoint_directory(db: str | None, context: InputContext) -> str | None:
    """Return where the positions are kept: beside `db`, else below the state directory."""
    if db:
        return f"{db}.pillion"
    return os.path.join(context.state, context.name) if context.state else None


def joining_of(properties: TailProperties, context: InputContext) -> Joining | None:
    """Return how split lines are joined, None when they are not; raises ConfigurationError.

    The built-in parsers docker and cri join too; those that a file defines parse and no more,
    as it is with fluent-bit.
    """
    named = [name.lower() for listed in properties.multiline_parser for name in listed]
    for name in named:
        if name not in RUNTIMES:
            raise ConfigurationError(
                f"multiline.parser: {name!r} is not known; there are {', '.join(RUNTIMES)}"
            )
    if named and properties.parser:
        raise ConfigurationError(
            "parser: has no effect beside multiline.parser; use the filter parser instead"
        )
    shape = AS_MULTILINE
    if properties.docker_mode:
        named.append("docker")
    parser = properties.parser or ""
    if not named and parser in RUNTIMES and context.is_built_in(parser):
        named, shape = [parser], AS_PARSER
    if not named:
        return None
    longest = max(context.in_flight_bytes // 2, LEAST_LINE)
    return Joining(tuple(named), shape, longest, properties.docker_mode_flush)
