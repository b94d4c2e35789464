"""JSON as text of one byte a character, and how columns of it become lines. Pure.

`Wire` is UTF-8 decoded as latin-1: each character is a byte, so text of any language is cut and
joined as fast as ASCII, and the last `from_wire` copies memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NewType, TypeAlias, cast

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

Wire = NewType("Wire", str)
Piece: TypeAlias = "Wire | list[Wire]"
"""A column of text: the same in each row, or one for each."""

_encoder = msgspec.json.Encoder()


def to_wire(data: bytes) -> Wire:
    """Return UTF-8 as wire text."""
    return Wire(data.decode("latin-1"))


def from_wire(text: str) -> bytes:
    """Return the UTF-8 of wire text."""
    return text.encode("latin-1")


def split_rows(text: str) -> list[Wire]:
    """Return the lines of wire text that has no newline at its end."""
    return cast("list[Wire]", text.split("\n"))


def json_of(value: Any) -> Wire:
    """Return a value as JSON; halves of surrogate pairs, which UTF-8 has not, are replaced."""
    try:
        return to_wire(_encoder.encode(value))
    except UnicodeEncodeError:
        return to_wire(_encoder.encode(_without_surrogates(value)))


def json_lines(values: Sequence[Any]) -> bytes:
    """Return values as JSON, each with a newline behind it; like `json_of`."""
    try:
        return _encoder.encode_lines(values)
    except UnicodeEncodeError:
        return _encoder.encode_lines([_without_surrogates(value) for value in values])


def json_texts(values: Sequence[Any]) -> list[Wire]:
    """Return each value as JSON, all by one call."""
    return split_rows(to_wire(json_lines(values)[:-1])) if values else []


def interleaved(*pieces: str | Sequence[str]) -> Wire:
    """Return what the pieces say row by row, in one call; a `str` says the same in each row.

    The first and the last piece are `str`, and some other is none.
    """
    # A piece costs 8 ns: what ends a row and what begins the next are one.
    last = str(pieces[-1])
    row = [last + str(pieces[0])]
    lists: dict[int, Sequence[str]] = {}
    for piece in pieces[1:-1]:
        if not isinstance(piece, str):
            lists[len(row)] = piece
            row.append("")
        elif len(row) - 1 in lists:
            row.append(piece)
        else:
            row[-1] += piece
    cells = row * len(next(iter(lists.values())))
    for number, piece in lists.items():
        cells[number :: len(row)] = piece
    if not cells:
        return Wire("")
    cells[0] = cells[0].removeprefix(last)
    cells.append(last)
    return Wire("".join(cells))


def joined(pieces: list[Piece], count: int) -> list[Wire]:
    """Return what pieces say row by row, in a new list."""
    if any(isinstance(piece, list) for piece in pieces):
        return split_rows(interleaved("", *pieces, "\n")[:-1]) if count else []
    return [Wire("".join(map(str, pieces)))] * count


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(each) for each in value]
    return value
