"""Positions that another program has kept, as a checkpoint of our own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from zlib import crc32

from pillion.tail.checkpoint.format import Entry, encode_entry
from pillion.tail.checkpoint.store import CURRENT, FRESH, PREVIOUS, Checkpoint
from pillion.tail.fingerprint import (
    HEAD_BYTES,
    Fingerprint,
    birth_of,
    key_of,
    name_generation,
    read_trail,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion.log import Logger

BLOCK = 64 * 1024


def has_checkpoint(directory: str) -> bool:
    """Whether there is one in a directory, in whatever state."""
    return any(os.path.exists(os.path.join(directory, name)) for name in (CURRENT, FRESH, PREVIOUS))


def adopted(path: str, inode: int, position: int, ordinal: int) -> Entry | None:
    """Return the entry of a file that another program has read up to a position.

    The file is at its path, or beside it under another name. A position behind its end is that of
    content which was cut off: it begins at 0. One within a line goes back to the line's beginning.

    Args:
        path: as it is followed.
        inode: of the file.
        position: bytes that were read of it.
        ordinal: which one of those of its path it is, in order.

    Returns:
        The entry; None where the file is gone.

    Raises:
        OSError: it cannot be read.
    """
    descriptor = _open(path, inode)
    if descriptor is None:
        return None
    try:
        size = os.fstat(descriptor).st_size
        position = _line_start(descriptor, position) if 0 <= position <= size else 0
        head = os.pread(descriptor, min(HEAD_BYTES, position), 0)
        trail = read_trail(descriptor, position)
        mark = Fingerprint(position, len(head), crc32(head), len(trail), crc32(trail))
        key = key_of(descriptor)
        return Entry(
            path=path,
            key=key,
            ordinal=ordinal,
            identity=name_generation(os.pread(descriptor, HEAD_BYTES, 0), path, key, ordinal)
            if position
            else "",
            fingerprint=mark,
            size=size,
            birth_ns=birth_of(descriptor),
        )
    finally:
        os.close(descriptor)


def adopt(directory: str, entries: Sequence[Entry], looked_ns: int, log: Logger) -> bool:
    """Write a first checkpoint into a directory; return whether it is safe.

    Args:
        directory: made if it is not there.
        entries: from `adopted`.
        looked_ns: wall time up to which the other program has looked at the files.
        log: for what goes wrong.

    Raises:
        ConfigurationError: the directory is in use, or is none.
    """
    store = Checkpoint(directory)
    store.load(log)
    try:
        return store.save(map(encode_entry, entries), looked_ns)
    finally:
        store.close()


def _open(path: str, inode: int) -> int | None:
    """Open the file of an inode, at its path or beside it."""
    found = path if _inode(path) == inode else None
    if found is None:
        directory = os.path.dirname(os.path.realpath(path)) or "."
        try:
            with os.scandir(directory) as entries:
                found = next((each.path for each in entries if each.inode() == inode), None)
        except FileNotFoundError:
            return None
    if found is None:
        return None
    return os.open(found, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)


def _inode(path: str) -> int | None:
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return None


def _line_start(descriptor: int, position: int) -> int:
    """Return where the line begins that a position is in; the position where it begins one."""
    end = position
    while end > 0:
        begin = max(0, end - BLOCK)
        at = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if at >= 0:
            return begin + at + 1
        end = begin
    return 0
