"""What is known of the fields of objects that stay text: each field is decoded once. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pillion_log_agent.records.json_rows import MISSING, decode_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class KnownFields:
    """The values of some fields in each row."""

    __slots__ = ("_columns", "_only")

    def __init__(
        self, columns: dict[str, list[Any]] | None = None, only: frozenset[str] | None = None
    ) -> None:
        """Take what was decoded already.

        Args:
            columns: by name, `MISSING` where a row lacks the field.
            only: the names that the rows may have at all; None where nobody knows.
        """
        self._columns = columns if columns is not None else {}
        self._only = only

    def decode(
        self, names: Sequence[str], block: Callable[[], bytes], count: int
    ) -> tuple[list[list[Any]], list[int]]:
        """Return the column of each name, not to be changed, and rows that cannot be decoded.

        Args:
            names: of the fields.
            block: returns the objects as JSON lines.
            count: of the rows.
        """
        unknown = tuple(
            name
            for name in names
            if name not in self._columns and (self._only is None or name in self._only)
        )
        broken: list[int] = []
        if unknown:
            found, broken = decode_fields(block(), unknown, count)
            self._columns.update(zip(unknown, found, strict=True))
        return [self._columns.get(name) or [MISSING] * count for name in names], broken

    def rows_with(self, name: str) -> list[int] | None:
        """Return the rows that have a field, None where that was never decoded."""
        column = self._columns.get(name)
        if column is None:
            return [] if self._only is not None and name not in self._only else None
        if column.count(MISSING) == len(column):
            return []
        return [row for row, value in enumerate(column) if value is not MISSING]

    def of_some(self, count: int) -> KnownFields:
        """Return what is known of any `count` of the rows: the fields that none of them has."""
        absent = {name: [MISSING] * count for name in self._columns if self.rows_with(name) == []}
        return KnownFields(absent, self._only)
