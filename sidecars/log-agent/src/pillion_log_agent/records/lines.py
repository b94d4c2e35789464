"""Lines: cutting a block into them. Pure."""

from __future__ import annotations

from itertools import accumulate, repeat
from operator import add
from typing import TYPE_CHECKING, cast

from pillion_log_agent.records.wire import Wire, decoded, split_rows, to_wire

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    return text if text.isascii() else decoded(cast("Wire", text))


def wire_rows(data: bytes, start: int) -> tuple[list[Wire], list[int]]:
    """Return the lines as wire text without their ends, and where each of them begins.

    Bytes that are no UTF-8 are replaced in the text.
    """
    if not is_utf8(data):
        _, offsets = split_lines(data, start)
        rows = _wire_rows(data.decode("utf-8", "replace").encode())
    else:
        rows = _wire_rows(data)
        offsets = offsets_of(map(len, rows), 1, start)
    if b"\r" in data:
        rows = [cast("Wire", row.removesuffix("\r")) for row in rows]
    return rows, offsets


def _wire_rows(data: bytes) -> list[Wire]:
    rows = split_rows(to_wire(data))
    if not rows[-1]:
        rows.pop()
    return rows


def is_utf8(data: bytes) -> bool:
    """Whether bytes are UTF-8."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def text_rows(data: bytes) -> list[str]:
    """Return the lines as text without their ends."""
    rows = data.decode("utf-8", "replace").split("\n")
    if not rows[-1]:
        rows.pop()
    return [row.removesuffix("\r") for row in rows] if b"\r" in data else rows
