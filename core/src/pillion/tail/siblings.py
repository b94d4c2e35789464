"""Finding old generations beside a path: by inode after a rename, by content after a copy."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from stat import S_ISREG
from typing import TYPE_CHECKING

from pillion.tail.identity import agrees
from pillion.tail.rotation import is_compressed_name, is_old_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pillion.tail.checkpoint_format import Entry
    from pillion.tail.identity import FileKey

OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""Without blocking, since a FIFO may have taken the place of the file."""


@dataclass(frozen=True, slots=True)
class Sibling:
    """A regular file in the directory of a path, whose name is an old one of the path's.

    Attributes:
        path: where it is.
        key: device and inode.
        size: in bytes.
        mtime_ns: when it was last written to.
    """

    path: str
    key: FileKey
    size: int
    mtime_ns: int


def old_generations(path: str) -> list[Sibling]:
    """Return what lies beside the path under an old name, the least recently written first."""
    current = os.path.basename(path)
    found = []
    for entry in _entries(path):
        if is_old_name(entry.name, current):
            with suppress(OSError):
                seen = entry.stat(follow_symlinks=False)
                if S_ISREG(seen.st_mode):
                    key = (seen.st_dev, seen.st_ino)
                    found.append(Sibling(entry.path, key, seen.st_size, seen.st_mtime_ns))
    found.sort(key=lambda sibling: sibling.mtime_ns)
    return found


def open_renamed(entry: Entry) -> int | None:
    """Open the generation of a checkpoint entry where it was renamed to, in its own directory."""
    current = os.path.basename(entry.path)
    for candidate in _entries(entry.path):
        # Without a byte of content to go by, only the name tells it from a reused inode.
        is_known = entry.fingerprint.head_length > 0 or is_old_name(candidate.name, current)
        if candidate.inode() == entry.key[1] and is_known:
            descriptor = open_if_agreeing(candidate.path, entry)
            if descriptor is not None:
                if _key(descriptor) == entry.key:
                    return descriptor
                os.close(descriptor)
    return None


def was_compressed(path: str, since_ns: int) -> bool:
    """Return whether a compressed old generation of the path has appeared since then."""
    current = os.path.basename(path)
    for entry in _entries(path):
        if is_compressed_name(entry.name, current):
            with suppress(OSError):
                if entry.stat().st_ctime_ns >= since_ns:
                    return True
    return False


def open_if_agreeing(path: str, entry: Entry) -> int | None:
    """Open a file if it begins with the content of the entry."""
    try:
        descriptor = os.open(path, OPEN_FLAGS)
    except OSError:
        return None
    with suppress(OSError):
        if S_ISREG(os.fstat(descriptor).st_mode) and agrees(descriptor, entry.fingerprint):
            return descriptor
    os.close(descriptor)
    return None


def _key(descriptor: int) -> FileKey:
    seen = os.fstat(descriptor)
    return seen.st_dev, seen.st_ino


def _entries(path: str) -> Iterator[os.DirEntry[str]]:
    """Yield what is in the directory of a path, and in that of what it links to."""
    directories = dict.fromkeys((os.path.dirname(path), os.path.dirname(os.path.realpath(path))))
    for directory in directories:
        with suppress(OSError), os.scandir(directory) as entries:
            yield from entries
