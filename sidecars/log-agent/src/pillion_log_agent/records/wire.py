"""JSON as text of one byte a character, and how columns of it become lines. Pure.

`Wire` is UTF-8 decoded as latin-1: each character is a byte, so text of any language is cut and
joined as fast as ASCII, and the last `from_wire` copies memory.
"""

from __future__ import annotations

from dataclasses import dataclass
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


def decoded(text: Wire) -> str:
    """Return what wire text says; bytes that are no UTF-8 are replaced."""
    return text.encode("latin-1").decode("utf-8", "replace")


def cut(text: str, between: str) -> list[Wire]:
    """Return what stands between the occurrences of a text in wire text."""
    return cast("list[Wire]", text.split(between))


def split_rows(text: str) -> list[Wire]:
    """Return the lines of wire text that has no newline at its end."""
    return cut(text, "\n")


def json_of(value: Any) -> Wire:
    """Return a value as JSON; halves of surrogate pairs, which UTF-8 has not, are replaced."""
    try:
        return to_wire(_encoder.encode(value))
    except UnicodeEncodeError:
        return to_wire(_encoder.encode(without_surrogates(value)))


def json_lines(values: Sequence[Any]) -> bytes:
    """Return values as JSON, each with a newline behind it; like `json_of`."""
    try:
        return _encoder.encode_lines(values)
    except UnicodeEncodeError:
        return _encoder.encode_lines([without_surrogates(value) for value in values])


def json_texts(values: Sequence[Any]) -> list[Wire]:
    """Return each value as JSON, all by one call."""
    return split_rows(to_wire(json_lines(values)[:-1])) if values else []


@dataclass(frozen=True, slots=True)
class Rows:
    """A text for each row: most are what the pieces say, and some are of another kind.

    Attributes:
        count: of the rows.
        pieces: side by side, one at least.
        others: the whole texts of rows of which the pieces say nothing.
    """

    count: int
    pieces: list[Piece]
    others: dict[int, Wire]

    def texts(self) -> list[Wire]:
        """Return the text of each row, which has no newline, in a new list."""
        return split_rows(interleaved("", self, "\n")[:-1]) if self.count else []


def interleaved(first: str, *pieces: str | Sequence[str] | Rows) -> Wire:
    """Return what the pieces say row by row, in one call; a `str` says the same in each row.

    The first and the last piece are `str`, and some other is none; one may be `Rows`.
    """
    # A piece costs 8 ns: what ends a row and what begins the next are one.
    last = str(pieces[-1])
    layout = _Layout(last + first)
    for piece in pieces[:-1]:
        layout.add(piece)
    cells = layout.cells()
    if not cells:
        return Wire("")
    cells[0] = cells[0].removeprefix(last)
    cells.append(last)
    return Wire("".join(cells))


class _Layout:
    """The cells that a row is made of: the same text in each row, or a list's."""

    __slots__ = ("_lists", "_rows", "_rows_begin", "_rows_end", "row")

    def __init__(self, first: str) -> None:
        self.row = [first]
        self._lists: dict[int, Sequence[str]] = {}
        self._rows: Rows | None = None
        self._rows_begin = self._rows_end = 0

    def add(self, piece: str | Sequence[str] | Rows) -> None:
        if isinstance(piece, Rows):
            self._rows, self._rows_begin = piece, len(self.row)
            # Cells of their own: they are emptied where a row is of another kind.
            self.row.append("")
            for each in piece.pieces:
                self.add(each)
            self._rows_end = len(self.row)
        elif not isinstance(piece, str):
            self._lists[len(self.row)] = piece
            self.row.append("")
        elif len(self.row) - 1 in self._lists or len(self.row) == self._rows_end:
            self.row.append(piece)
        else:
            self.row[-1] += piece

    def cells(self) -> list[str]:
        """Return the cells of all rows."""
        rows, width = self._rows, len(self.row)
        cells = self.row * (rows.count if rows else len(next(iter(self._lists.values()))))
        for number, piece in self._lists.items():
            cells[number::width] = piece
        if rows and rows.others:
            begin, emptied = self._rows_begin, [""] * (self._rows_end - self._rows_begin - 1)
            for number, text in rows.others.items():
                cells[number * width + begin : number * width + self._rows_end] = [text, *emptied]
        return cells


def without_surrogates(value: Any) -> Any:
    """Return a value with halves of surrogate pairs replaced in all its texts."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {without_surrogates(key): without_surrogates(each) for key, each in value.items()}
    if isinstance(value, list):
        return [without_surrogates(each) for each in value]
    return value
