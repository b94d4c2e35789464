"""What a parser makes of text. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.records.columns import Columns
    from pillion_log_agent.records.timestamps import Timestamps

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parsed:
    """One text, parsed.

    Attributes:
        fields: what it says.
        time: nanoseconds since 1970; None when it does not say, or not so that it can be read.
    """

    fields: Fields
    time: int | None


@dataclass(frozen=True, slots=True)
class ParsedBlock:
    """A block of lines, parsed: a row for each line that has something in it.

    Attributes:
        rows: as columns, or as records.
        times: of the rows; that of reading where a line says none.
        misfits: the lines that are of another kind, by row.
        offsets: returns where the rows stand in a file, when told where the block does; None where
            nobody knows yet.
        is_unchanged: the rows are the lines of the block as they are, and each has something in it.
    """

    rows: Columns | list[Fields]
    times: Timestamps
    misfits: dict[int, str]
    offsets: Callable[[int], list[int]] | None = None
    is_unchanged: bool = False


class Parser(Protocol):
    """Makes fields of text."""

    @property
    def name(self) -> str:
        """As the configuration names it."""
        ...

    def parse(self, text: str, now: int) -> Parsed | None:
        """Return what a text says, None when it is not of this kind.

        Args:
            text: one line without its newline.
            now: nanoseconds, for a time that says no year.
        """
        ...


@runtime_checkable
class BlockParser(Parser, Protocol):
    """A parser that takes many lines at once."""

    def parse_block(self, data: bytes, now: int) -> ParsedBlock | None:
        """Return what a block of lines says; None where they have to be taken one by one.

        Args:
            data: lines, each with its newline, save that the last may have none.
            now: nanoseconds; the time of a line that says none.
        """
        ...
