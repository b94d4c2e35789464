"""Where to start in a file that is there already: the habits of `tail -n`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pillion.tail.lines import NEWLINE
from pillion.tail.options import FromLine, FromOffset

if TYPE_CHECKING:
    from pillion.tail.options import Start

BLOCK_BYTES = 256 * 1024


def start_offset(descriptor: int, start: Start) -> int:
    """Return the offset of the line at which to start, in a regular file."""
    if isinstance(start, FromLine):
        return _offset_of_line(descriptor, start.number)
    if isinstance(start, FromOffset):
        return min(start.offset, os.fstat(descriptor).st_size)
    return _offset_of_last(descriptor, start.count)


def _offset_of_line(descriptor: int, number: int) -> int:
    """Return where a line begins, counted from 1; the end of the file when it has fewer."""
    missing, offset = number - 1, 0
    while missing > 0:
        block = os.pread(descriptor, BLOCK_BYTES, offset)
        if not block:
            return offset
        newlines = block.count(NEWLINE)
        if newlines >= missing:
            at = -1
            for _ in range(missing):
                at = block.index(NEWLINE, at + 1)
            return offset + at + 1
        missing -= newlines
        offset += len(block)
    return offset


def _offset_of_last(descriptor: int, count: int) -> int:
    """Return where the last `count` lines begin; an unfinished last line is one of them."""
    size = os.fstat(descriptor).st_size
    if not count or not size:
        return size
    # The newline that ends the last line does not begin another one.
    end = size - 1 if os.pread(descriptor, 1, size - 1) == NEWLINE else size
    missing = count
    while end > 0:
        begin = max(0, end - BLOCK_BYTES)
        block = os.pread(descriptor, end - begin, begin)
        newlines = block.count(NEWLINE)
        if newlines >= missing:
            at = len(block)
            for _ in range(missing):
                at = block.rindex(NEWLINE, 0, at)
            return begin + at + 1
        missing -= newlines
        end = begin
    return 0
