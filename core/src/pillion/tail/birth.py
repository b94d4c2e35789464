"""When a file was created: what tells it from another that was given the same inode.

`os.stat` has no birth time on Linux (before Python 3.15), so it takes a call of statx(2): 8 us, and
0.7 MB for `ctypes`, which is only spent where a file is closed, kept in a checkpoint or rotated.
"""

from __future__ import annotations

import os
import struct
from functools import cache
from typing import TYPE_CHECKING

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
