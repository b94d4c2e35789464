"""Appending lines to a file: all of them or none, and never to a line that was cut."""

from __future__ import annotations

import os
from contextlib import suppress
from stat import S_ISREG

_FLAGS = os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


def open_to_append(path: str, mode: int) -> int:
    """Return the descriptor of a file whose next line begins a line of its own.

    Who was killed while it wrote may have left a line without its end; what comes next would go
    on with it, and be lost.
    """
    descriptor = os.open(path, os.O_WRONLY | _FLAGS, mode)
    status = os.fstat(descriptor)
    if S_ISREG(status.st_mode) and status.st_size:
        try:
            if not _ends_a_line(path, status.st_size):
                append_whole(descriptor, b"\n")
        except OSError:
            os.close(descriptor)
            raise
    return descriptor


def append_whole(descriptor: int, data: bytes) -> None:
    """Append all of it; where that cannot be, as on a full disk, leave nothing of it.

    Raises:
        OSError: it is not there.
    """
    size = os.fstat(descriptor).st_size
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError:
        with suppress(OSError):  # a device, or a disk that takes nothing at all
            os.ftruncate(descriptor, size)
        raise


def sync_directory(path: str) -> None:
    """Keep the name of a new file over a crash of the node, where the directory may be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _ends_a_line(path: str, size: int) -> bool:
    """Return whether the last byte ends a line; a file that may not be read is taken to."""
    try:
        with open(path, "rb") as file:
            file.seek(size - 1)
            return file.read(1) == b"\n"
    except PermissionError:
        return True
