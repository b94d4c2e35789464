"""Holes that are found: runs of NULs at the beginning of a file, or where it was cut.

A writer without O_APPEND goes on at its old offset after a copytruncate, and the file system fills
what is before it with zeros. Whether a file was cut before it was first seen nobody can tell, so
NULs at the beginning of any are taken for that, as fluent-bit does.
"""

from __future__ import annotations

import errno
import os

BLOCK_BYTES = 1024 * 1024
NUL = b"\0"


def is_hole_at(descriptor: int, offset: int) -> bool:
    """Return whether a NUL stands at an offset of an open file."""
    return os.pread(descriptor, 1, offset) == NUL


def end_of_hole(descriptor: int, offset: int) -> int:
    """Return where the run of NULs that begins at an offset ends: there, if none does."""
    while True:
        start = _next_data(descriptor, offset)
        block = os.pread(descriptor, BLOCK_BYTES, start)
        rest = len(block.lstrip(NUL))
        offset = start + len(block) - rest
        if rest or not block:
            return offset


def _next_data(descriptor: int, offset: int) -> int:
    """Return where the next block begins that takes space on the disk."""
    try:
        return os.lseek(descriptor, offset, os.SEEK_DATA)
    except OSError as error:
        # No data to the end of the file; else a file system that cannot tell.
        size = os.fstat(descriptor).st_size
        return max(offset, size) if error.errno == errno.ENXIO else offset
