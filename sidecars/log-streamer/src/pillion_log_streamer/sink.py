"""Standard output: it blocks, it never drops, and it says when nobody reads any more."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from pillion_log_streamer.failure import StdoutClosedError

if TYPE_CHECKING:
    from collections.abc import Sequence

STDOUT = 1
PIPE_BYTES = 1024 * 1024
BUFFER_BYTES = 256 * 1024
GONE = (errno.EPIPE, errno.EBADF, errno.EIO)
CANNOT_SPLICE = (errno.EINVAL, errno.ENOSYS, errno.EPERM)


class Sink:
    """One descriptor to write to.

    Attributes:
        is_blocked: it is waiting for the reader just now.
        moved: bytes that went out so far.
    """

    __slots__ = ("_buffer", "_can_splice", "_descriptor", "_poll", "is_blocked", "moved")

    def __init__(self, descriptor: int = STDOUT, *, may_splice: bool = True) -> None:
        self._descriptor = descriptor
        self._buffer: memoryview | None = None
        self.is_blocked = False
        self.moved = 0
        self._can_splice = False
        self._poll = select.poll()
        try:
            is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
        except OSError:
            return  # closed from the start; the first write says so
        self._poll.register(descriptor, select.POLLOUT)
        if is_pipe:
            self._can_splice = may_splice
            with suppress(OSError):
                # 64 KiB is the default: each time it is full costs both sides a wake-up.
                fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def write(self, parts: Sequence[bytes]) -> None:
        """Write all of it, however long that takes.

        Raises:
            StdoutClosedError: nobody reads any more.
        """
        for part in parts:
            rest: bytes | memoryview = part
            while rest:
                count = self._write_some(rest)
                rest = memoryview(rest)[count:] if count < len(rest) else b""

    def copy(self, descriptor: int, offset: int, count: int) -> int:
        """Move up to `count` bytes of an open file; return how many, 0 at its end.

        Into a pipe the kernel moves them itself, and they never enter this process.

        Raises:
            OSError: the file cannot be read.
            StdoutClosedError: nobody reads any more.
        """
        if self._can_splice:
            try:
                return self._splice(descriptor, offset, count)
            except OSError as error:
                if error.errno not in CANNOT_SPLICE:
                    os.pread(descriptor, 1, offset)  # raises where it is the file that failed
                    raise self._translated(error) from None
                self._can_splice = False
        if self._buffer is None:
            self._buffer = memoryview(bytearray(BUFFER_BYTES))
        length = os.preadv(descriptor, [self._buffer[:count]], offset)
        rest = self._buffer[:length]
        while rest:
            rest = rest[self._write_some(rest) :]
        return length

    def _splice(self, descriptor: int, offset: int, count: int) -> int:
        while True:
            try:
                length = os.splice(
                    descriptor,
                    self._descriptor,
                    count,
                    offset_src=offset,
                    flags=os.SPLICE_F_NONBLOCK,
                )
            except BlockingIOError:
                self._wait()
            else:
                self.moved += length
                return length

    def _write_some(self, data: bytes | memoryview) -> int:
        while True:
            self.is_blocked = True
            try:
                count = os.write(self._descriptor, data)
            except BlockingIOError:  # someone has made it non-blocking
                self._wait()
            except OSError as error:
                raise self._translated(error) from None
            else:
                self.moved += count
                return count
            finally:
                self.is_blocked = False

    def _wait(self) -> None:
        self.is_blocked = True
        self._poll.poll()
        self.is_blocked = False

    def _translated(self, error: OSError) -> Exception:
        if error.errno in GONE:
            return StdoutClosedError(
                f"standard output is closed ({error.strerror}), so nothing more can be delivered"
            )
        return StdoutClosedError(f"standard output cannot be written: {error.strerror}")
