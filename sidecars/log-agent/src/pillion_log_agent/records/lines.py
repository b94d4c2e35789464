"""Lines: cutting a block into them. Pure."""

from __future__ import annotations

from itertools import accumulate, repeat
from operator import add
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pillion_log_agent.records.wire import Wire

SPACE = " \t\r\n\v\f"
"""White space of ASCII: in wire text, others may be a part of a character."""


def split_lines(data: bytes, start: int) -> tuple[list[bytes], list[int]]:
    """Return the lines of a block without their ends, and where each of them begins."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    *offsets, _ = accumulate(map(add, map(len, lines), repeat(1)), initial=start)
    if b"\r" in data:
        lines = [line.removesuffix(b"\r") for line in lines]
    return lines, offsets


def offsets_of_rows(data: bytes, start: int) -> list[int]:
    """Return where the lines that have something in them begin."""
    lines, offsets = split_lines(data, start)
    if all(lines) and not any(map(bytes.isspace, lines)):
        return offsets
    return [offset for line, offset in zip(lines, offsets, strict=True) if line.strip()]


def text_of(row: Wire) -> str:
    """Return a row as text without its end; bytes that are no UTF-8 are replaced."""
    text = row.removesuffix("\r")
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "replace")


def text_rows(data: bytes) -> list[str]:
    """Return the lines that have something in them, as text without their ends."""
    rows = data.decode("utf-8", "replace").split("\n")
    if b"\r" in data:
        rows = [row.removesuffix("\r") for row in rows]
    return [row for row in rows if row and not row.isspace()]
