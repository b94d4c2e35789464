"""What a process does about the memory that its C library hands out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LARGE_BLOCK = 4 * 1024 * 1024


def keep_large_blocks() -> None:
    """Have blocks of up to 4 MiB that are freed kept for the next ones.

    glibc maps each block of 128 KiB or more by itself and unmaps it when it is freed, until a
    larger one has been freed: where work goes in blocks of that size, page faults are a third of
    all CPU. Nothing of the block that is freed here is ever touched, so it costs no memory.
    Source: mallopt(3), M_MMAP_THRESHOLD.
    """
    bytes(LARGE_BLOCK)


def trim() -> None:
    """Give what is free inside the heap back to the system, where the C library can.

    glibc keeps it: after a burst a process has all that it ever needed at once. Source:
    malloc_trim(3).
    """
    try:
        # 0.5 MB, and only after a burst; some builds of Python have no ctypes.
        import ctypes  # noqa: PLC0415
    except ImportError:
        return
    release = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if release is not None:
        release(0)


class BurstTrimmer:
    """Trims when a burst is over, and now and then while one goes on."""

    LEAST = 4 * 1024 * 1024
    """So many bytes have to be moved before it is worth it."""
    QUIET = 256 * 1024
    """A burst is over when no more than this is moved between two looks."""
    LOOKS = 10
    """After so many looks it is trimmed in the middle of a burst: what it keeps is in use."""

    __slots__ = ("_is_bursting", "_looks", "_moved", "_since", "_trim")

    def __init__(self, trim: Callable[[], None] = trim) -> None:
        self._trim = trim
        self._moved = 0
        self._since = 0
        self._looks = 0
        self._is_bursting = False

    def look(self, moved: int) -> None:
        """Take note of how many bytes were moved so far; to be called about once a second."""
        now, self._moved = moved - self._moved, moved
        self._since += now
        self._is_bursting |= self._since >= self.LEAST
        if not self._is_bursting:
            return
        self._looks += 1
        if now <= self.QUIET:
            self._is_bursting = False
            self._since = 0
        elif self._looks < self.LOOKS:
            return
        self._looks = 0
        self._trim()
