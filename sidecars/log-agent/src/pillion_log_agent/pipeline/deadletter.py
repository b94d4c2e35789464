"""The dead-letter file: records that were refused for good, as JSON lines.

Each line has when and why, the output, the tag, the file and the offset, and the record. Values
of fields whose names speak of secrets are left out.
"""

from __future__ import annotations

import os
import re
from itertools import groupby
from stat import S_ISREG
from typing import TYPE_CHECKING, Any

import msgspec

from pillion_log_agent.appending import append_whole, open_to_append
from pillion_log_agent.patterns.times import show_iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pillion.log import Logger
    from pillion_log_agent.outputs.output import Rejection
    from pillion_log_agent.records.batch import Batch

DETAIL_LENGTH = 2000
REDACTED = "[redacted]"
_NAMES = r"passw|secret|token|api[-_]?key|authorization|credential|cookie|private[-_]?key"
_SECRET = re.compile(rf"(?i){_NAMES}")
_QUOTED = re.compile(rf"(?is)(\[[^\]]*(?:{_NAMES})[^\]]*\](?: of type \[\w+\])?).*")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class DeadLetters:
    """Puts records aside. Without a path they are counted and logged only.

    They are on disk when `put` returns, for then their positions move.

    A file that has grown to its size is renamed to `NAME.1`, in the place of the one before, so
    that the two together hold twice the size at most.

    Attributes:
        written: records in the file.
        unwritten: records for which there is no file.
    """

    def __init__(
        self, path: str | None, limit: int, log: Logger, wall_ns: Callable[[], int]
    ) -> None:
        self.written = 0
        self.unwritten = 0
        self._path = path
        self._limit = limit
        self._log = log
        self._wall_ns = wall_ns

    def put(self, output: str, refused: Sequence[tuple[Batch, Rejection]]) -> None:
        """Put records aside, all of them or none.

        Raises:
            OSError: they could not be written, and should be put aside again later.
        """
        if self.written + self.unwritten == 0 and refused:
            self._tell_of_the_first(output, *refused[0])
        if self._path is None:
            self.unwritten += len(refused)
            return
        now = self._wall_ns()
        self._append(self._path, b"".join(map(_line, letters_of(output, refused, now))))
        self.written += len(refused)

    def _tell_of_the_first(self, output: str, batch: Batch, rejection: Rejection) -> None:
        self._log.warning(
            "an output refused a record for good",
            output=output,
            tag=batch.tag,
            reason=rejection.reason,
            detail=without_secrets(rejection.detail)[:200],
            dead_letter_file=self._path or "none",
        )

    def _append(self, path: str, lines: bytes) -> None:
        descriptor = open_to_append(path, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and size + len(lines) > self._limit:
                os.rename(path, f"{path}.1")
                os.close(descriptor)
                descriptor = open_to_append(path, 0o600)
            append_whole(descriptor, lines)
            if S_ISREG(os.fstat(descriptor).st_mode):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def letters_of(
    output: str, refused: Sequence[tuple[Batch, Rejection]], now: int
) -> Iterator[dict[str, Any]]:
    """Yield what is written of each record."""
    for _, group in groupby(refused, key=lambda each: id(each[0])):
        of_batch = list(group)
        batch = of_batch[0][0]
        bodies, offsets = batch.bodies(), batch.offsets
        times = batch.times.nanoseconds()
        common = batch.common()
        for _, rejection in of_batch:
            index = rejection.index
            body = "{" + bodies[index] + common + "}"
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
                "record": redacted(_decode(body.replace("{,", "{", 1))),
            }


def _line(letter: dict[str, Any]) -> bytes:
    return _encode(letter) + b"\n"


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
