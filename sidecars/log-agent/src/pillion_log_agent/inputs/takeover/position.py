"""What the program before has kept of a file, and how fluentd writes it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

UNWATCHED = 0xFFFFFFFFFFFFFFFF
_LINE = re.compile(r"([^\t]+)\t([0-9a-fA-F]{1,16})\t([0-9a-fA-F]{1,16})")


@dataclass(frozen=True, slots=True)
class Position:
    """How far a file was read.

    Attributes:
        path: where it was, or is.
        inode: of the file.
        offset: bytes that were read.
        is_rotated: it was not at its path any more.
    """

    path: str
    inode: int
    offset: int
    is_rotated: bool = False


def parse_pos_file(text: str) -> list[Position]:
    """Return what fluentd has kept: a path, an offset and an inode in hex, with tabs between.

    A file that fluentd follows no more has the highest offset of all; it is left out. Of a path
    that is there several times, the last one counts.

    Raises:
        ValueError: a line is of another kind.
    """
    found: dict[str, Position] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line:
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(
                f"line {number} is no path, offset and inode of fluentd's: {line[:80]!r}"
            )
        path, offset, inode = match[1], int(match[2], 16), int(match[3], 16)
        found.pop(path, None)
        if offset != UNWATCHED:
            found[path] = Position(path, inode, offset)
    return list(found.values())


def resolved(positions: list[Position]) -> list[Position]:
    """Return positions under the paths that are followed, rotated ones first.

    fluent-bit keeps a rotated file under its new name, which begins with the one that it had.
    """
    current = [each for each in positions if not each.is_rotated]
    paths = sorted((each.path for each in current), key=len, reverse=True)
    rotated = [
        Position(path, each.inode, each.offset, is_rotated=True)
        for each in positions
        if each.is_rotated
        and (path := next((path for path in paths if each.path.startswith(path)), None))
    ]
    return [*rotated, *current]
