"""What makes a file the same file: device, inode and birth time, unless its content disagrees.

A log is only ever appended to, so two stretches of it speak against it when they have changed:
its first bytes (the head) and those just before a position (the trail). They never speak for it:
generations begin alike, with the same banner or the same line again and again, so what is under
another inode is another file, whatever is in it. CRC-32 it is, since `hashlib` costs 4 MB of RSS.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from zlib import crc32

HEAD_BYTES = 1024
TRAIL_BYTES = 64

FileKey = tuple[int, int]
"""Device and inode."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The content of a file up to a position, as far as it takes to know it again.

    Attributes:
        position: bytes from the start of the file.
        head_length: bytes that `head_sum` covers, from the start; 0 while nothing was read.
        head_sum: their CRC-32.
        trail_length: bytes that `trail_sum` covers, up to the position.
        trail_sum: their CRC-32.
    """

    position: int
    head_length: int
    head_sum: int
    trail_length: int
    trail_sum: int


def key_of(descriptor: int) -> FileKey:
    """Return the device and inode of an open file."""
    seen = os.fstat(descriptor)
    return seen.st_dev, seen.st_ino


def agrees(descriptor: int, fingerprint: Fingerprint) -> bool:
    """Return whether the open file still begins with the content of the fingerprint."""
    if os.fstat(descriptor).st_size < fingerprint.position:
        return False
    head = os.pread(descriptor, fingerprint.head_length, 0)
    if crc32(head) != fingerprint.head_sum or len(head) != fingerprint.head_length:
        return False
    start = fingerprint.position - fingerprint.trail_length
    trail = os.pread(descriptor, fingerprint.trail_length, start)
    return crc32(trail) == fingerprint.trail_sum and len(trail) == fingerprint.trail_length


def read_trail(descriptor: int, position: int) -> bytes:
    """Return the bytes just before the position, `TRAIL_BYTES` of them or all there are."""
    length = min(TRAIL_BYTES, position)
    return os.pread(descriptor, length, position - length)


def name_generation(descriptor: int, path: str, key: FileKey, ordinal: int) -> str:
    """Return a name for one generation of a file that holds over restarts.

    Its path and its first line are part of it, so that it differs between two files that had the
    same inode; `ordinal` tells apart what one path held when even that line is the same.
    """
    head = os.pread(descriptor, HEAD_BYTES, 0)
    line = head[: head.find(b"\n") + 1] or head
    first = crc32(line, crc32(os.fsencode(path)))
    return f"{key[0]:x}-{key[1]:x}-{ordinal:x}-{first:08x}"
