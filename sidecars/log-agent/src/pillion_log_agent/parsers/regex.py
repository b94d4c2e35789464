"""The regex parser: the named groups of a pattern are the fields. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, PATTERN
from pillion_log_agent.parsers.parsed import Fields, Parsed, ParsedBlock
from pillion_log_agent.parsers.shared import (
    OF_OTHER_FORMATS,
    Finishing,
    ParserProperties,
)
from pillion_log_agent.parsers.types import cast_text
from pillion_log_agent.patterns.ruby import translate
from pillion_log_agent.records.column import Column, Texts, Values
from pillion_log_agent.records.columns import Columns
from pillion_log_agent.records.json_rows import MISSING
from pillion_log_agent.records.lines import text_rows
from pillion_log_agent.records.timestamps import Timestamps

if TYPE_CHECKING:
    from pillion_log_agent.patterns.pattern import Pattern


@dataclass(frozen=True, slots=True)
class RegexProperties(ParserProperties):
    """What the regex parser can be told."""

    regex: Pattern = setting(
        "regex", PATTERN, "The pattern, as Ruby writes them.", default=translate("(?<log>.*)")
    )
    skip_empty_values: bool = setting(
        "skip_empty_values", FLAG, "Leave out fields that caught nothing.", default=True
    )


class RegexParser:
    """Parses text by a pattern."""

    __slots__ = ("_fields", "_finishing", "_search", "_skip_empty", "name")

    def __init__(self, properties: RegexProperties) -> None:
        self.name = properties.name
        self._search = properties.regex.search
        self._fields = properties.regex.fields
        self._skip_empty = properties.skip_empty_values
        self._finishing = Finishing.of(properties)

    def parse(self, text: str, now: int) -> Parsed | None:
        """Return what the named groups caught."""
        match = self._search(text)
        if match is None:
            return None
        if self._skip_empty:
            fields = {name: value for number, name in self._fields if (value := match[number])}
        else:
            fields = {name: match[number] or "" for number, name in self._fields}
        return Parsed(fields, self._finishing.finish(fields, now))

    def parse_block(self, data: bytes, now: int) -> ParsedBlock | None:
        """Return what the named groups caught in each line, a column for each."""
        if self._finishing.decoders:
            return None
        rows = text_rows(data)
        found = list(map(self._search, rows))
        misfits = {row: rows[row] for row, match in enumerate(found) if match is None}
        texts = {
            name: [(match[number] or "") if match is not None else "-" for match in found]
            for number, name in self._fields
        }
        times, unread = self._times(texts, len(rows), now)
        odd: dict[int, Fields] = {}
        for row in unread - misfits.keys():
            parsed = self.parse(rows[row], now)
            odd[row] = {} if parsed is None else parsed.fields
        fields = {name: self._column(name, column) for name, column in texts.items()}
        return ParsedBlock(Columns(len(rows), fields=fields, odd=odd), times, misfits)

    def _times(
        self, texts: dict[str, list[str]], count: int, now: int
    ) -> tuple[Timestamps, set[int]]:
        """Return the times of the rows, and those that have one which cannot be read.

        The column is taken out of `texts`, unless it stays.
        """
        finishing = self._finishing
        written = texts.get(finishing.time_key)
        if finishing.time_format is None or written is None:
            return Timestamps([now] * count), set()
        parse = finishing.time_format.parse
        known = {text: parse(text, now) if text else None for text in set(written)}
        times = list(map(known.__getitem__, written))
        if finishing.time_keep:
            return Timestamps([now if time is None else time for time in times]), set()
        unread = (
            {row for row, time in enumerate(times) if time is None}
            if None in known.values()
            else set()
        )
        del texts[finishing.time_key]
        return Timestamps([now if time is None else time for time in times]), unread

    def _column(self, name: str, texts: list[str]) -> Column:
        """Return a column of a group's texts, of the type that they are given."""
        kind = self._finishing.casts.get(name)
        is_sparse = self._skip_empty and "" in texts
        if kind is None and not is_sparse:
            return Texts(texts)
        known = {text: cast_text(text, kind) if kind else text for text in set(texts)}
        if is_sparse:
            known[""] = MISSING
        return Values(list(map(known.__getitem__, texts)))


REGEX = Declaration(
    name="regex",
    summary="The named groups of a pattern.",
    properties=RegexProperties,
    required=("name", "regex"),
    accepted=OF_OTHER_FORMATS,
    build=RegexParser,
)
