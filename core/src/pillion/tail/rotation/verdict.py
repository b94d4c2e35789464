"""What the stat of a path means for the file that was found there."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from pillion.tail.generation import Generation


class Verdict(Enum):
    """What became of the file at a path since the last look."""

    SAME = auto()
    GROWN = auto()
    TOUCHED = auto()
    """As long as before, and written to: its content decides whether it is the same."""
    SHORTENED = auto()
    """Cut, but not below the position: what is left can be read, what was cut is lost."""
    TRUNCATED = auto()
    """Cut below the position: what it holds now is another generation."""
    REPLACED = auto()
    """Another file is at the path."""


def judge(held: Generation, seen: os.stat_result) -> Verdict:
    """Return what the stat of a path means for the generation that was found there."""
    if (seen.st_dev, seen.st_ino) != held.key:
        return Verdict.REPLACED
    size = seen.st_size
    if size < held.offset or (size < held.size and not held.offset):
        return Verdict.TRUNCATED
    if size > held.size:
        return Verdict.GROWN
    if size < held.size:
        return Verdict.SHORTENED
    return Verdict.SAME if seen.st_mtime_ns == held.mtime_ns else Verdict.TOUCHED
