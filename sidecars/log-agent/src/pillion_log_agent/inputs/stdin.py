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
from pillion_log_agent.inputs.lines import LineReader
from pillion_log_agent.parsers.builtin import built_in
from pillion_log_agent.parsers.make import make_parser
from pillion_log_agent.pipeline.batch import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion.metrics import Family
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
        self._longest = properties.buffer_size
        parser = (
            context.parser(properties.parser)
            if properties.parser
            else make_parser(built_in("docker"))
        )
        self._reader = LineReader(properties.key, parser)
        self._in_flight = 0
        self._stopping = asyncio.Event()
        self._room = asyncio.Event()

    async def run(self, intake: Intake) -> None:
        """Hand over lines until the end of the input, or `stop`."""
        loop = asyncio.get_running_loop()
        started = self._context.wall_ns()
        origin = Origin(self._context.name, "", f"{self._context.name}-{started:x}")
        offset = 0
        rest = b""
        while not self._stopping.is_set():
            data = await self._read(loop)
            rest += data
            end = len(rest) if not data or len(rest) > self._longest else rest.rfind(b"\n") + 1
            if end:
                block, rest = rest[:end], rest[end:]
                batch = self._reader.batch(
                    block, self._tag, origin, offset, self._context.wall_ns()
                )
                offset += len(block)
                self._in_flight += len(block)
                intake.take(batch, partial(self._acknowledge, len(block)))
            if not data:
                return
            while self._in_flight > self._context.in_flight_bytes:
                self._room.clear()
                await self._room.wait()

    def stop(self, *, is_last: bool) -> None:  # noqa: ARG002  # either way
        """Read no more."""
        self._stopping.set()

    def families(self) -> Iterable[Family]:
        """Return nothing beside what is counted of every input."""
        return ()

    def close(self) -> None:
        """Standard input stays open."""

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

    def _acknowledge(self, size: int) -> None:
        self._in_flight -= size
        self._room.set()


STDIN = Declaration(
    name="stdin",
    summary="Reads lines of standard input.",
    properties=StdinProperties,
    build=StdinInput,
)
