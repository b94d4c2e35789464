"""The input `stdin`: lines of standard input."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pillion.settings import optional, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import SIZE, TEXT
from pillion_log_agent.inputs.json_stream import read_stream
from pillion_log_agent.inputs.lines import LineReader
from pillion_log_agent.parsers.builtin import built_in
from pillion_log_agent.parsers.make import make_parser
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

STANDARD_INPUT = 0
BLOCK = 256 * 1024
LONGEST_LINE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StdinProperties:
    """The properties of `stdin`."""

    parser: str | None = optional(
        "parser", TEXT, "The parser of each line; if not given, JSON objects, or text."
    )
    key: str = setting("key", TEXT, "The field of a line that is not parsed.", default="log")
    buffer_size: int = setting("buffer_size", SIZE, "The longest line.", default=LONGEST_LINE)


class StdinInput:
    """Reads standard input, as fast as the outputs take it."""

    def __init__(
        self, properties: StdinProperties, shared: InputProperties, context: InputContext
    ) -> None:
        self._tag = shared.tag or context.name
        self._context = context
        self._key = f"stdin {context.name}"
        self._longest = properties.buffer_size
        self._is_json = properties.parser is None
        parser = context.parser(properties.parser) if properties.parser else None
        self._reader = LineReader(properties.key, parser or make_parser(built_in("docker")))
        self._unacknowledged: dict[int, bytes] = {}
        self._in_flight = 0
        self._rest = b""
        self._is_cut = False
        self._stopping = asyncio.Event()
        self._is_last = False
        self._room = asyncio.Event()

    def prepare(self) -> None:
        """Nothing is taken."""

    async def run(self, intake: Intake) -> None:
        """Hand over lines until the end of the input, or `stop`."""
        loop = asyncio.get_running_loop()
        started = self._context.wall_ns()
        origin = Origin(self._context.name, "", f"{self._context.name}-{started:x}")
        self._rest = self._context.handover.kept.pop(self._key, b"")
        offset = 0
        is_at_end = False
        while not (self._stopping.is_set() or is_at_end):
            # What another has left may hold whole lines.
            if b"\n" not in self._rest or self._is_cut:
                data = await self._read(loop)
                is_at_end = not data and not self._stopping.is_set()
                self._rest += data
            offset = self._hand_over(intake, origin, offset, is_last=is_at_end)
            while self._in_flight > self._context.in_flight_bytes and not self._stopping.is_set():
                self._room.clear()
                await self._room.wait()
        if self._is_last:
            self._hand_over(intake, origin, offset, is_last=True)

    def stop(self, *, is_last: bool) -> None:
        """Read no more."""
        self._is_last = is_last
        self._stopping.set()
        self._room.set()

    def collect(self) -> Iterable[Metric]:
        """Return nothing beside what is counted of every input."""
        return ()

    def close(self) -> None:
        """Leave what cannot be read again to who may follow; standard input stays open."""
        left = b"".join([*self._unacknowledged.values(), self._rest])
        self._context.handover.kept[self._key] = left

    def _hand_over(self, intake: Intake, origin: Origin, offset: int, *, is_last: bool) -> int:
        """Hand over the lines that are whole, or all there is; return where they end."""
        rest = self._rest
        is_whole = is_last or len(rest) > self._longest
        end = len(rest) if is_whole else rest.rfind(b"\n") + 1
        if not end:
            return offset
        batch = self._batch(rest[:end], origin, offset, is_whole=is_whole)
        end = batch.size
        block, self._rest = rest[:end], rest[end:]
        self._is_cut = not end
        if len(batch):
            self._unacknowledged[offset] = block
            self._in_flight += batch.weight
            settled = partial(self._acknowledge, offset, batch.weight)
            intake.take(batch, Receipt(Undivided(settled)))
        return offset + end

    def _batch(self, block: bytes, origin: Origin, offset: int, *, is_whole: bool) -> Batch:
        """Return the records of a block; what may be the beginning of an object is left out."""
        now = self._context.wall_ns()
        if not self._is_json or all(map(_is_plain, block.splitlines())):
            return self._reader.batch(block, self._tag, origin, offset, now)
        stream = read_stream(block.decode("latin-1"), self._reader.key, now, is_last=is_whole)
        return Batch(
            self._tag,
            origin,
            Timestamps(stream.times),
            records=stream.records,
            offsets=[offset + each for each in stream.offsets],
            size=stream.end,
        )

    async def _read(self, loop: asyncio.AbstractEventLoop) -> bytes:
        """Return what is there, and nothing at the end of the input, or after `stop`."""
        readable = asyncio.Event()
        try:
            loop.add_reader(STANDARD_INPUT, readable.set)
        except PermissionError:
            # A plain file, which can always be read.
            return os.read(STANDARD_INPUT, BLOCK)
        waits = [asyncio.ensure_future(each.wait()) for each in (readable, self._stopping)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return os.read(STANDARD_INPUT, BLOCK) if readable.is_set() else b""
        finally:
            loop.remove_reader(STANDARD_INPUT)
            for each in waits:
                each.cancel()

    def _acknowledge(self, offset: int, weight: int) -> None:
        del self._unacknowledged[offset]
        self._in_flight -= weight
        self._room.set()


def _is_plain(line: bytes) -> bool:
    """Whether a line is an object of its own, or plain text."""
    return not line.lstrip().startswith((b"{", b"[")) or decode_object(line) is not None


STDIN = Declaration(
    name="stdin",
    summary="Reads lines of standard input.",
    properties=StdinProperties,
    build=StdinInput,
)
