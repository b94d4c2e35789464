"""Holes that are punched: what is delivered and saved of a live file is given back.

Its size stays, so the application and every other reader go on as before.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from pillion.tail.fingerprint import TRAIL_BYTES
from pillion.tail.generation import CLOSED

if TYPE_CHECKING:
    from pillion.log import Logger
    from pillion.tail.generation import Generation
    from pillion.tail.status import Ledger

BLOCK_BYTES = 4096
LEAST_BYTES = 1024 * 1024
"""A hole costs two system calls and a change of metadata, so it is made for a megabyte or more."""
KEEP_SIZE_AND_PUNCH_HOLE = 0x01 | 0x02


class HolePuncher:
    """Punches holes, until the file system says that it cannot."""

    __slots__ = ("_ledger", "_log", "_refused")

    def __init__(self, ledger: Ledger, log: Logger) -> None:
        self._ledger = ledger
        self._log = log
        self._refused = False

    def reclaim(self, generation: Generation) -> None:
        """Give back what both copies of the checkpoint cover, if that is a megabyte or more.

        What is given back cannot be read again, so no copy may ask for it.
        """
        start = max(generation.reclaimed, BLOCK_BYTES)
        end = (generation.covered - TRAIL_BYTES) // BLOCK_BYTES * BLOCK_BYTES
        if self._refused or end - start < LEAST_BYTES or generation.descriptor == CLOSED:
            return
        try:
            self._punch(generation.path, generation, start, end - start)
        except OSError as error:
            self._refused = True
            self._log.warning(
                "space cannot be reclaimed here, so the files grow as they would without; "
                "it takes a file system with holes, and the right to write the file",
                path=generation.path,
                error=error.strerror or str(error),
            )
            return
        generation.reclaimed = end
        self._ledger.bytes_reclaimed += end - start

    def _punch(self, path: str, generation: Generation, offset: int, length: int) -> None:
        import ctypes  # 0.5 MB, and only for what `os` does not have  # noqa: PLC0415

        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            seen = os.fstat(descriptor)
            if (seen.st_dev, seen.st_ino) != generation.key:
                return  # it was rotated away just now
            fallocate = ctypes.CDLL(None, use_errno=True).fallocate
            fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long)
            if fallocate(descriptor, KEEP_SIZE_AND_PUNCH_HOLE, offset, length):
                code = ctypes.get_errno() or errno.EIO
                raise OSError(code, os.strerror(code))
        finally:
            os.close(descriptor)
