"""Reading JSON objects by the block: all of them, or some of their fields. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from pillion_log_agent.records.lenient import decode_leniently
from pillion_log_agent.records.wire import from_wire

if TYPE_CHECKING:
    from collections.abc import Sequence

DECODE_ERRORS = (msgspec.DecodeError, UnicodeError, RecursionError)
_PLACE = re.compile(r"at `\$\[(\d+)\]|\(byte (\d+)\)")
_SPAN = 8
"""How many rows are decoded at a time where one of a block is broken."""
MISSING = msgspec.UNSET
"""Stands for a field that a record does not have: null is a value."""

_object = msgspec.json.Decoder()


def decode_object(text: str | bytes) -> dict[str, Any] | None:
    """Return the fields of one JSON object, None when the text is none.

    What is not quite right is read as well: see `lenient`.
    """
    if text.lstrip()[:1] not in ("{", b"{"):
        return None
    try:
        value = _object.decode(text)
    except DECODE_ERRORS:
        value = decode_leniently(text)
    return value if isinstance(value, dict) else None


def block_of(bodies: Sequence[str]) -> bytes:
    """Return a block of JSON lines of objects without their braces, which are wire text."""
    return from_wire("{" + "}\n{".join(bodies) + "}\n") if bodies else b""


def decode_body(body: str) -> dict[str, Any]:
    """Return the fields of one object without its braces, which is wire text."""
    return decode_object(from_wire("{" + body + "}")) or {}


def decode_rows(block: bytes, count: int) -> tuple[list[dict[str, Any]], list[int]]:
    """Return the objects of a block of JSON lines, and the rows that cannot be read so."""
    return _decoded(_object, block, count)


def decode_fields(
    block: bytes, names: tuple[str, ...], count: int
) -> tuple[list[list[Any]], list[int]]:
    """Return the values of some fields, a list each, and the rows that cannot be read so.

    Args:
        block: JSON lines, each an object or what looks like one.
        names: of the fields; a row that lacks one has `MISSING`.
        count: of the lines.
    """
    found, broken = _decoded(_fields_decoder(names), block, count)
    return [list(map(getter, found)) for getter in _getters(len(names))], broken


def decode_only(
    block: bytes, names: tuple[str, ...], count: int
) -> tuple[list[list[Any]], list[int]]:
    """Do what `decode_fields` does, but take an object with any other field for broken.

    Where more than half of the rows are, the rest is not looked at.
    """
    found, broken = _decoded(_fields_decoder(names, is_closed=True), block, count, count // 2)
    return [list(map(getter, found)) for getter in _getters(len(names))], broken


def _decoded(
    decoder: Any, block: bytes, count: int, most_broken: int | None = None
) -> tuple[list[Any], list[int]]:
    """Decode a block; a row that cannot be decoded stands as an empty object, and is named."""
    most = count if most_broken is None else most_broken
    try:
        found: list[Any] = decoder.decode_lines(block)
    except DECODE_ERRORS:
        return _decoded_in_spans(decoder, block, most)
    # Two objects on one line are taken for two lines.
    return (found, []) if len(found) == count else _decoded_in_spans(decoder, block, most)


def _decoded_in_spans(decoder: Any, block: bytes, most_broken: int) -> tuple[list[Any], list[int]]:
    """Decode a few rows at a time; what is before and behind a broken one again, without it."""
    starts = [0, *accumulate(len(line) + 1 for line in block.split(b"\n")[:-1])]
    view, count = memoryview(block), len(starts) - 1
    found: list[Any] = []
    broken: list[int] = []
    spans = [(first, min(first + _SPAN, count)) for first in range(0, count, _SPAN)]
    spans.reverse()
    while spans and len(broken) <= most_broken:
        first, end = spans.pop()
        rows: list[Any] = []
        row = None
        try:
            rows = decoder.decode_lines(view[starts[first] : starts[end]])
        except DECODE_ERRORS as error:
            row = _row_of(error, first, starts)
        if len(rows) == end - first:
            found += rows
        elif end - first == 1:
            found.append(decoder.decode(b"{}"))
            broken.append(first)
        else:
            # An error says mostly which row it is.
            row = min(max((first + end) // 2 if row is None else row, first), end - 1)
            spans += [(start, stop) for start, stop in _around(first, row, end) if start < stop]
    return found, broken


def _around(first: int, row: int, end: int) -> tuple[tuple[int, int], ...]:
    return (row + 1, end), (row, row + 1), (first, row)


def _row_of(error: Exception, first: int, starts: list[int]) -> int | None:
    """Return the row that an error of msgspec speaks of, where it does."""
    match = _PLACE.search(str(error))
    if match is None:
        return None
    if match[1] is not None:
        return first + int(match[1])
    return bisect_right(starts, starts[first] + int(match[2])) - 1


@lru_cache(maxsize=256)
def _fields_decoder(names: tuple[str, ...], *, is_closed: bool = False) -> Any:
    fields = [(f"v{number}", Any, MISSING) for number in range(len(names))]
    renamed = {f"v{number}": name for number, name in enumerate(names)}
    kind = msgspec.defstruct(
        "Fields", fields, rename=renamed, gc=False, forbid_unknown_fields=is_closed
    )
    return msgspec.json.Decoder(kind)


@lru_cache(maxsize=64)
def _getters(count: int) -> list[Any]:
    return [attrgetter(f"v{number}") for number in range(count)]
