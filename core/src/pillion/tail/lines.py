"""Cutting blocks of bytes at line ends, in as few calls into C as it takes. Pure."""

from __future__ import annotations

from typing import Literal

NEWLINE = b"\n"

LineState = Literal["whole", "middle", "skipping"]
"""At a position: a line begins; it is inside a line; it is inside one whose rest is unwanted."""


def whole_lines(block: bytes, limit: int) -> int:
    """Return how many bytes from the start are whole lines, none of them above `limit`.

    One search for each `limit` bytes is enough: the last newline within reach of a line's start
    proves that every line up to it is short enough.
    """
    end = block.rfind(NEWLINE) + 1
    if len(block) <= limit:
        return end
    start = 0
    while start < end:
        newline = block.rfind(NEWLINE, start, start + limit + 1)
        if newline < 0:
            return start
        start = newline + 1
    return end


def piece_length(block: bytes, limit: int) -> int:
    """Return where to cut a line that is longer than `limit`.

    There, or up to three bytes before, where the cut would tear a UTF-8 sequence.
    """
    for back in range(min(4, limit)):
        byte = block[limit - back] if limit - back < len(block) else 0
        if byte & 0xC0 != 0x80:  # noqa: PLR2004  # no continuation byte, so a character starts here
            return limit - back
    return limit
