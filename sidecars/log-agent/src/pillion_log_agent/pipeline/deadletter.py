"""The dead-letter file: records that were refused for good, as JSON lines.

Each line has when and why, the output, the tag, the file and the offset, and the record. Values
of fields whose names speak of secrets are left out.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from pillion_log_agent.patterns.times import show_iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.log import Logger
    from pillion_log_agent.outputs.output import Rejection
    from pillion_log_agent.pipeline.batch import Batch

DETAIL_LENGTH = 2000
REDACTED = "[redacted]"
_NAMES = r"passw|secret|token|api[-_]?key|authorization|credential|cookie|private[-_]?key"
_SECRET = re.compile(rf"(?i){_NAMES}")
_QUOTED = re.compile(rf"(?is)(\[[^\]]*(?:{_NAMES})[^\]]*\](?: of type \[\w+\])?).*")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class DeadLetters:
    """Puts records aside. Without a path they are counted and logged only.

    A file that has grown to its size is renamed to `NAME.1`, in the place of the one before, so
    that the two together hold twice the size at most.

    Attributes:
        written: records in the file.
        unwritten: records that could not be written there.
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
        self._is_failing = False

    def put(self, output: str, batch: Batch, rejection: Rejection) -> None:
        """Put one record aside. Raises nothing: a full disk does not stop the rest."""
        rejection = replace(rejection, detail=without_secrets(rejection.detail))
        if self.written + self.unwritten == 0:
            self._log.warning(
                "an output refused a record for good",
                output=output,
                tag=batch.tag,
                reason=rejection.reason,
                detail=rejection.detail[:200],
                dead_letter_file=self._path or "none",
            )
        if self._path is None:
            self.unwritten += 1
            return
        try:
            self._append(_encode(letter(output, batch, rejection, self._wall_ns())) + b"\n")
        except OSError as error:
            self.unwritten += 1
            if not self._is_failing:
                self._log.error(
                    "the dead-letter file cannot be written",
                    path=self._path,
                    error=error.strerror,
                )
            self._is_failing = True
        else:
            self.written += 1
            self._is_failing = False

    def _append(self, line: bytes) -> None:
        assert self._path is not None
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and size + len(line) > self._limit:
                os.rename(self._path, f"{self._path}.1")
                os.close(descriptor)
                descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(descriptor, line)
        finally:
            os.close(descriptor)


def letter(output: str, batch: Batch, rejection: Rejection, now: int) -> dict[str, Any]:
    """Return what is written of a record."""
    index = rejection.index
    body = "{" + batch.bodies()[index] + batch.common() + "}"
    return {
        "at": show_iso(now),
        "output": output,
        "reason": rejection.reason,
        "detail": rejection.detail,
        "tag": batch.tag,
        "source": batch.origin.path or batch.origin.input,
        "identity": batch.origin.identity,
        "offset": batch.offsets[index],
        "time": show_iso(batch.times.nanoseconds()[index], 9),
        "record": redacted(_decode(body.replace("{,", "{", 1))),
    }


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
