"""What makes a file the same file: device, inode and birth time, unless its content disagrees.

A log is only ever appended to, so two stretches of it speak against it when they have changed:
its first bytes (the head) and those just before a position (the trail). They never speak for it:
generations begin alike, with the same banner or the same line again and again, so what is under
another inode is another file, whatever is in it. CRC-32 it is, since `hashlib` costs 4 MB of RSS.

Python has no birth time on Linux before 3.15, so it takes a call of statx(2): 8 us, and 0.7 MB for
`ctypes`, which is only spent where a file is closed, kept in a checkpoint or rotated.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Callable

    _Statx = Callable[[int, bytes, int, int, object], int]

AT_FDCWD = -100
AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH = 0x100, 0x1000
STATX_BTIME = 0x800
STATX_BYTES = 256
BIRTH_AT = 0x50


def birth_of(descriptor: int) -> int:
    """Return the birth time of an open file, in nanoseconds; 0 where the file system has none."""
    return _birth(descriptor, b"", AT_EMPTY_PATH)


def birth_at(path: str) -> int:
    """Return that of what is at a path, a link not followed; 0 also where nothing is there."""
    return _birth(AT_FDCWD, os.fsencode(path), AT_SYMLINK_NOFOLLOW)


def _birth(directory: int, path: bytes, flags: int) -> int:
    statx = _statx()
    buffer = bytearray(STATX_BYTES)
    if statx is None or statx(directory, path, flags, STATX_BTIME, buffer):
        return 0
    (mask,) = struct.unpack_from("I", buffer)
    seconds, nanoseconds = struct.unpack_from("qI", buffer, BIRTH_AT)
    return int(seconds * 1_000_000_000 + nanoseconds) if mask & STATX_BTIME else 0


@cache
def _statx() -> _Statx | None:
    import ctypes  # noqa: PLC0415  # see above

    statx = getattr(ctypes.CDLL(None), "statx", None)
    if statx is None:
        return None
    statx.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint, ctypes.c_char_p)

    def call(directory: int, path: bytes, flags: int, mask: int, buffer: object) -> int:
        assert isinstance(buffer, bytearray)
        memory = (ctypes.c_char * STATX_BYTES).from_buffer(buffer)
        return int(statx(directory, path, flags, mask, memory))

    return call


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


def name_generation(head: bytes, path: str, key: FileKey, ordinal: int) -> str:
    """Return a name for one generation of a file that holds over restarts.

    Its path and its first line are part of it, so that it differs between two files that had the
    same inode; `ordinal` tells apart what one path held when even that line is the same.

    Args:
        head: its first HEAD_BYTES.
        path: where it was found.
        key: of its file.
        ordinal: which one it is of the generations of its path.
    """
    line = head[: head.find(b"\n") + 1] or head
    first = crc32(line, crc32(os.fsencode(path)))
    return f"{key[0]:x}-{key[1]:x}-{ordinal:x}-{first:08x}"
