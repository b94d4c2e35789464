"""The dead-letter file: records that were refused for good, as JSON lines.

Each line has when and why, the output, the tag, the file and the offset, and the record. Values
of fields whose names speak of secrets are left out.
"""

from __future__ import annotations

import os
import re
import time
from functools import partial
from itertools import groupby
from stat import S_ISREG
from typing import TYPE_CHECKING, Any

from pillion_log_agent.appending import append_whole, open_to_append, sync_directory
from pillion_log_agent.patterns.times import show_iso
from pillion_log_agent.records.wire import from_wire, json_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pillion.log import Logger
    from pillion_log_agent.outputs.output import Rejection
    from pillion_log_agent.records.batch import Batch

DETAIL_LENGTH = 2000
TELL_SECONDS = 60.0
BLOCK = 1024 * 1024
REDACTED = "[redacted]"
_NAMES = r"passw|secret|token|api[-_]?key|authorization|credential|cookie|private[-_]?key"
_SECRET = re.compile(rf"(?i){_NAMES}")
_QUOTED = re.compile(rf"(?is)(\[[^\]]*(?:{_NAMES})[^\]]*\](?: of type \[\w+\])?).*")


class DeadLetters:
    """Puts records aside. Without a path they are counted and logged only.

    They are on disk when `put` returns, for then their positions move.

    A file that is full is renamed to `NAME.1`, in the place of the one before, so that the two
    together hold twice the limit at most. What is overwritten so is counted and logged.

    Attributes:
        written: records that went into the file.
        overwritten: of those and of what was there at the start, how many are gone again.
        unwritten: records for which there is no file.
    """

    def __init__(
        self,
        path: str | None,
        limit: int,
        log: Logger,
        wall_ns: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.written = 0
        self.overwritten = 0
        self.unwritten = 0
        self._path = path
        self._limit = limit
        self._log = log
        self._wall_ns = wall_ns
        self._clock = clock
        self._untold = 0
        self._due = clock()

    def put(self, output: str, refused: Sequence[tuple[Batch, Rejection]]) -> int:
        """Put records aside, as many as one file takes; return how many, one at least.

        Raises:
            OSError: none could be written; they should be put aside again later.
        """
        if self.written + self.unwritten == 0:
            self._tell_of_the_first(output, *refused[0])
        if self._path is None:
            self.unwritten += len(refused)
            return len(refused)
        size = _size(self._path)
        lines: list[bytes] = []
        for line in map(_line, letters_of(output, refused, self._wall_ns())):
            if not lines and size and size + len(line) > self._limit:
                self._rotate(self._path)
                size = 0
            if lines and size + len(line) > self._limit:
                break
            lines.append(line)
            size += len(line)
        _append(self._path, b"".join(lines))
        self.written += len(lines)
        return len(lines)

    def close(self) -> None:
        """Say what was not said yet."""
        if self._untold:
            self._tell_of_overwritten()

    def _rotate(self, path: str) -> None:
        gone = _count_lines(f"{path}.1")
        os.rename(path, f"{path}.1")
        self.overwritten += gone
        self._untold += gone
        if self._untold and self._clock() >= self._due:
            self._due = self._clock() + TELL_SECONDS
            self._tell_of_overwritten()

    def _tell_of_overwritten(self) -> None:
        self._log.warning(
            "old dead letters were overwritten; a higher --dead-letter.limit keeps more",
            file=f"{self._path}.1",
            overwritten=self._untold,
            overwritten_total=self.overwritten,
        )
        self._untold = 0

    def _tell_of_the_first(self, output: str, batch: Batch, rejection: Rejection) -> None:
        self._log.warning(
            "an output refused a record for good",
            output=output,
            tag=batch.tag,
            reason=rejection.reason,
            detail=without_secrets(rejection.detail)[:200],
            dead_letter_file=self._path or "none",
        )


def _append(path: str, lines: bytes) -> None:
    descriptor = open_to_append(path, 0o600)
    try:
        before = os.fstat(descriptor)
        append_whole(descriptor, lines)
        if S_ISREG(before.st_mode):
            os.fsync(descriptor)
            if not before.st_size:
                sync_directory(os.path.dirname(path) or ".")
    finally:
        os.close(descriptor)


def _size(path: str) -> int:
    """Return how much of the limit is taken; nothing where it is a device, or not there."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return 0
    return status.st_size if S_ISREG(status.st_mode) else 0


def _count_lines(path: str) -> int:
    try:
        with open(path, "rb") as file:
            return sum(block.count(b"\n") for block in iter(partial(file.read, BLOCK), b""))
    except FileNotFoundError:
        return 0


def letters_of(
    output: str, refused: Sequence[tuple[Batch, Rejection]], now: int
) -> Iterator[dict[str, Any]]:
    """Yield what is written of each record."""
    for _, group in groupby(refused, key=lambda each: id(each[0])):
        of_batch = list(group)
        batch = of_batch[0][0]
        offsets, times = batch.offsets, batch.times.nanoseconds()
        for _, rejection in of_batch:
            index = rejection.index
            yield {
                "at": show_iso(now),
                "output": output,
                "reason": rejection.reason,
                "detail": without_secrets(rejection.detail),
                "tag": batch.tag,
                "source": batch.origin.path or batch.origin.input,
                "identity": batch.origin.identity,
                "offset": offsets[index],
                "time": show_iso(times[index], 9),
                "record": redacted(batch.columns.record(index)),
            }


def _line(letter: dict[str, Any]) -> bytes:
    return from_wire(json_of(letter)) + b"\n"


def without_secrets(detail: str) -> str:
    """Return the first words of the other side, which may quote the value of a field they name.

    `failed to parse field [password] of type [long] ... value: 'hunter2'` ends after the type.
    """
    return _QUOTED.sub(rf"\1 {REDACTED}", detail[:DETAIL_LENGTH])


def redacted(value: Any) -> Any:
    """Return the value without those of fields that are named like secrets."""
    if isinstance(value, dict):
        return {
            key: REDACTED if _SECRET.search(key) else redacted(each) for key, each in value.items()
        }
    if isinstance(value, list):
        return [redacted(each) for each in value]
    return value
