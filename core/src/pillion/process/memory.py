"""What a process does about the memory that its C library hands out."""

from __future__ import annotations

LARGE_BLOCK = 4 * 1024 * 1024


def keep_large_blocks() -> None:
    """Have blocks of up to 4 MiB that are freed kept for the next ones.

    glibc maps each block of 128 KiB or more by itself and unmaps it when it is freed, until a
    larger one has been freed: for who works in blocks of that size, page faults are a third of
    all CPU. Nothing of the block that is freed here is ever touched, so it costs no memory.
    Source: mallopt(3), M_MMAP_THRESHOLD.
    """
    bytes(LARGE_BLOCK)
