"""Lines: cutting a block into them. Pure."""

from __future__ import annotations

from itertools import accumulate, repeat
from operator import add
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion_log_agent.records.wire import Wire

SPACE = " \t\r\n\v\f"
"""White space of ASCII: in wire text, others may be a part of a character."""


def split_lines(data: bytes, start: int) -> tuple[list[bytes], list[int]]:
    """Return the lines of a block without their ends, and where each of them begins."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    offsets = offsets_of(map(len, lines), 1, start)
    if b"\r" in data:
        lines = [line.removesuffix(b"\r") for line in lines]
    return lines, offsets


def offsets_of(lengths: Iterable[int], around: int, start: int) -> list[int]:
    """Return where lines begin of which the lengths are given, without what is around each."""
    *offsets, _ = accumulate(map(add, lengths, repeat(around)), initial=start)
    return offsets


def empty_rows(data: bytes) -> list[int]:
    """Return the numbers of the lines that have nothing in them."""
    if not data.startswith((b"\n", b"\r\n")) and b"\n\n" not in data and b"\n\r\n" not in data:
        return []
    lines, _ = split_lines(data, 0)
    return [row for row, line in enumerate(lines) if not line]


def text_of(row: Wire) -> str:
    """Return a row as text without its end; bytes that are no UTF-8 are replaced."""
    text = row.removesuffix("\r")
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "replace")


def text_rows(data: bytes) -> list[str]:
    """Return the lines as text without their ends."""
    rows = data.decode("utf-8", "replace").split("\n")
    if not rows[-1]:
        rows.pop()
    return [row.removesuffix("\r") for row in rows] if b"\r" in data else rows
