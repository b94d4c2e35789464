"""The key of an object: its template filled in. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion_log_agent.patterns.strftime import format_precise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.records.batch import Batch

LONGEST = 1024
"""Bytes of a key, which is S3's limit."""
_INSIDE = re.compile(r"\$TAG\[(\d{1,2})\]|(\$TAG)|(\$UUID)")
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class KeyFormat:
    """How keys are made.

    Raises, when it is made:
        ValueError: the template asks for what there is not.
    """

    template: str
    delimiters: str = "."
    is_static: bool = False

    def __post_init__(self) -> None:
        if "$INDEX" in self.template:
            raise ValueError("s3_key_format: $INDEX is not supported; write $UUID")

    def fill(self, tag: str, time: int, name: str) -> str:
        """Return the key of an object, which begins with a slash.

        Args:
            tag: of its records.
            time: nanoseconds, of the first of them.
            name: letters that no other object has.
        """
        parts = [part for part in re.split(f"[{re.escape(self.delimiters)}]", tag) if part]
        made: list[str] = []
        position = 0
        for match in _INSIDE.finditer(self.template):
            made.append(format_precise(self.template[position : match.start()], time))
            number, is_tag, _ = match.groups()
            if number is not None:
                made.append(parts[int(number)] if int(number) < len(parts) else "")
            else:
                made.append(tag if is_tag else name)
            position = match.end()
        made.append(format_precise(self.template[position:], time))
        key = "".join(made)
        if "$UUID" not in self.template and not self.is_static:
            key += f"-object{name}"
        return "/" + key.lstrip("/")


def name_of(batches: Sequence[Batch]) -> str:
    """Return eight letters for records: the same when they are sent once more."""
    digest = hashlib.sha256()
    for batch in batches:
        offsets = batch.offsets
        told = (
            f"{batch.tag}\0{batch.origin.identity}\0{offsets[0]}\0{offsets[-1]}\0{len(offsets)}\n"
        )
        digest.update(told.encode("utf-8", "replace"))
    number = int.from_bytes(digest.digest()[:8])
    letters = []
    for _ in range(8):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(letters)
