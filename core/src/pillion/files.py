"""Files that others name: certificates, keys, tokens, labels, configurations.

They are read whole and within a bound, and nobody is waited for: a device without end, a pipe
that nobody writes to or a directory is an error like a file that is not there.
"""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PEM_LIMIT = 4 * 1024 * 1024
SECRET_LIMIT = 1024 * 1024
PIPE_SECONDS = 5.0  # that `--config.file=<(command)` has
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_READ_SIZE = 1024 * 1024


def read_bounded(path: str, limit: int, *, wait: float = 0.0) -> bytes:
    """Return what is in a file.

    Args:
        path: the file.
        limit: how many bytes it may have.
        wait: how many seconds the writer of a pipe may take, such as that of `<(command)`.

    Raises:
        OSError: it cannot be read, is larger (EFBIG), or is a pipe from which nothing comes
            (EAGAIN); `strerror` says so.
        ValueError: there is a null in the path.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        data = _read(descriptor, limit, time.monotonic() + wait)
        if len(data) > limit:
            raise OSError(errno.EFBIG, f"it is larger than {_size(limit)}")
        if not data and stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            raise OSError(errno.EAGAIN, "it is a pipe that nobody writes to")
    finally:
        os.close(descriptor)
    return data


def read_pem(path: str) -> bytes:
    """Return the content of a file of certificates or keys, at most 4 MiB.

    Raises:
        OSError: as for `read_bounded`.
    """
    return read_bounded(path, PEM_LIMIT)


@contextmanager
def in_memory(data: bytes) -> Iterator[str]:
    """Give bytes a path, as OpenSSL reads keys from files alone; no secret goes to a disk."""
    descriptor = os.memfd_create("pem", os.MFD_CLOEXEC)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(data)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _read(descriptor: int, limit: int, deadline: float) -> bytes:
    data = bytearray()
    while len(data) <= limit:
        try:
            piece = os.read(descriptor, min(_READ_SIZE, limit + 1 - len(data)))
        except BlockingIOError:
            left = deadline - time.monotonic()
            if left > 0 and select.select([descriptor], [], [], left)[0]:
                continue
            raise OSError(errno.EAGAIN, "it is a pipe that nobody writes to") from None
        if not piece:
            break
        data += piece
    return bytes(data)


def _size(limit: int) -> str:
    mebibytes, rest = divmod(limit, 1024 * 1024)
    return f"{limit} bytes" if rest or not mebibytes else f"{mebibytes} MiB"
