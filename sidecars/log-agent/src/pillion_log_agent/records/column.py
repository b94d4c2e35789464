"""The column of one field: what it is in each row, and how that is written. Pure."""

from __future__ import annotations

from itertools import repeat
from operator import add
from typing import TYPE_CHECKING, Any, Protocol, cast

from pillion_log_agent.records.json_rows import MISSING
from pillion_log_agent.records.wire import (
    Piece,
    Wire,
    decoded,
    json_lines,
    json_texts,
    split_rows,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class Column(Protocol):
    """The values of one field, one for each row.

    Attributes:
        is_sparse: some rows do not have the field; the name in its pieces begins with a comma.
    """

    is_sparse: bool

    @property
    def size(self) -> int:
        """Characters of the texts among them."""
        ...

    def values(self) -> list[Any]:
        """Return the values; the list is not to be changed."""
        ...

    def pieces(self, name: Wire) -> list[Piece]:
        """Return the field as JSON; `name` is what stands before the value."""
        ...

    def select(self, rows: Sequence[int]) -> Column:
        """Return the column of some of the rows."""
        ...


class Texts:
    """A field that is text."""

    is_sparse = False
    __slots__ = ("_end", "_is_plain", "_texts")

    def __init__(self, texts: list[str], *, end: str = "", is_plain: bool = False) -> None:
        """Make a column of texts.

        Args:
            texts: one for each row.
            end: is added to each.
            is_plain: they are ASCII, and nothing in them is escaped in JSON.
        """
        self._texts = texts
        self._end = end
        self._is_plain = is_plain

    @property
    def size(self) -> int:
        """Characters of the texts."""
        return sum(map(len, self._texts))

    def values(self) -> list[Any]:
        """Return the texts."""
        return list(map(add, self._texts, repeat(self._end))) if self._end else self._texts

    def pieces(self, name: Wire) -> list[Piece]:
        """Return the field as JSON, quoted by one call where it has to be."""
        if self._is_plain:
            return [Wire(name + '"'), cast("list[Wire]", self._texts), Wire('"')]
        return [name, json_texts(self.values())]

    def select(self, rows: Sequence[int]) -> Texts:
        """Return the column of some of the rows."""
        texts = self._texts
        return Texts([texts[row] for row in rows], end=self._end, is_plain=self._is_plain)


class WireTexts:
    """A field that is text, as the bytes of a file: quoted without being decoded."""

    is_sparse = False
    __slots__ = ("_texts",)

    def __init__(self, texts: list[Wire]) -> None:
        """Take wire texts, one for each row."""
        self._texts = texts

    @property
    def size(self) -> int:
        """Bytes of the texts."""
        return sum(map(len, self._texts))

    def values(self) -> list[Any]:
        """Return the texts."""
        return [text if text.isascii() else decoded(text) for text in self._texts]

    def pieces(self, name: Wire) -> list[Piece]:
        """Return the field as JSON, quoted by one call; most texts need no more than quotes."""
        lines = json_lines(self._texts)
        if len(lines) == self.size + len(self._texts) * len('""\n'):
            return [Wire(name + '"'), self._texts, Wire('"')]
        # JSON escapes ASCII alone: what stands for the bytes of other characters comes back as is.
        return [name, split_rows(lines[:-1].decode())]

    def select(self, rows: Sequence[int]) -> WireTexts:
        """Return the column of some of the rows."""
        texts = self._texts
        return WireTexts([texts[row] for row in rows])


class Values:
    """A field of values of any kind; `MISSING` stands for no field."""

    __slots__ = ("_values", "is_sparse")

    def __init__(self, values: list[Any]) -> None:
        self._values = values
        self.is_sparse = MISSING in values

    @property
    def size(self) -> int:
        """Characters of the texts among them."""
        return sum(len(value) for value in self._values if isinstance(value, str))

    def values(self) -> list[Any]:
        """Return the values."""
        return self._values

    def pieces(self, name: Wire) -> list[Piece]:
        """Return the field as JSON."""
        if not self.is_sparse:
            return [name, json_texts(self._values)]
        texts = json_texts([None if value is MISSING else value for value in self._values])
        return [
            [
                Wire("") if value is MISSING else Wire(name + text)
                for value, text in zip(self._values, texts, strict=True)
            ]
        ]

    def select(self, rows: Sequence[int]) -> Values:
        """Return the column of some of the rows."""
        values = self._values
        return Values([values[row] for row in rows])
