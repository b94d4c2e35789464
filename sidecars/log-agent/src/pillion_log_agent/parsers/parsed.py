"""What a parser makes of text, and what every parser can be told. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
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

    def parse_block(self, data: bytes) -> Timestamps | None:
        """Return the times of a block of lines that can go on as it is.

        None when it cannot: a line is no JSON object, has no time of the usual shape, or has
        to be changed.
        """
        ...
