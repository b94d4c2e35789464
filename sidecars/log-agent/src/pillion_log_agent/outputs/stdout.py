"""The output `stdout`: records on standard output."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion.settings import setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import TEXT, choice
from pillion_log_agent.configuration.reasons import NO_UPSTREAM
from pillion_log_agent.outputs.output import TAKEN
from pillion_log_agent.outputs.rendering import DATE_FORMATS, Date, arrow_text, lines, objects
from pillion_log_agent.records.wire import from_wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.outputs.output import Outcome, OutputContext
    from pillion_log_agent.records.batch import Batch

STANDARD_OUTPUT = 1
_WRITER = ThreadPoolExecutor(1, "standard-output")
"""One thread for the one descriptor, also over a reload: lines do not get into each other."""


@dataclass(frozen=True, slots=True)
class StdoutProperties:
    """The properties of `stdout`."""

    format: str = setting(
        "format",
        choice("msgpack", "json", "json_lines", "json_stream"),
        "json_lines: an object a line; json_stream: objects with nothing between; json: a list "
        "for each batch; msgpack: the text that fluent-bit prints by default.",
        default="msgpack",
    )
    json_date_key: str = setting(
        "json_date_key", TEXT, "The field of the time; false leaves it out.", default="date"
    )
    json_date_format: str = setting(
        "json_date_format", choice(*DATE_FORMATS), "How the time is written.", default="double"
    )


MOST_WAITING = 8 * 1024 * 1024
_waiting = [0]


def print_later(data: bytes) -> bool:
    """Write to standard output behind what is being written; return whether there is room."""
    if _waiting[0] > MOST_WAITING:
        return False
    _waiting[0] += len(data)
    _WRITER.submit(_print, data)
    return True


def _print(data: bytes) -> None:
    try:
        _write_all(data)
    except OSError:
        pass  # nobody reads it, and nothing waits for it
    finally:
        _waiting[0] -= len(data)


class StdoutOutput:
    """Writes to standard output."""

    delay = False

    def __init__(self, properties: StdoutProperties, _context: OutputContext) -> None:
        is_off = properties.json_date_key.lower() in ("false", "off", "no")
        self._date = Date("" if is_off else properties.json_date_key, properties.json_date_format)
        self._format = properties.format

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Write all of the batches.

        Raises:
            TransientError: nobody reads standard output any more.
        """
        for batch in batches:
            await write_standard_output(self._rendered(batch))
        return TAKEN

    async def close(self) -> None:
        """Standard output stays open."""

    def _rendered(self, batch: Batch) -> bytes:
        if self._format == "json_lines":
            return lines(batch, self._date)
        if self._format == "msgpack":
            return arrow_text(batch)
        if self._format == "json_stream":
            return from_wire("".join(objects(batch, self._date)))
        return from_wire(f"[{','.join(objects(batch, self._date))}]\n")


async def write_standard_output(data: bytes) -> None:
    """Write to a pipe that may be full: in a thread, since it may block; raises TransientError."""
    loop = asyncio.get_running_loop()
    try:
        await loop.run_in_executor(_WRITER, _write_all, data)
    except OSError as error:
        raise TransientError(
            f"standard output cannot be written: {error.strerror}", reason="write"
        ) from None


def _write_all(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(STANDARD_OUTPUT, view) :]


STDOUT = Declaration(
    name="stdout",
    summary="Writes to standard output.",
    properties=StdoutProperties,
    accepted=NO_UPSTREAM,
    build=StdoutOutput,
)
