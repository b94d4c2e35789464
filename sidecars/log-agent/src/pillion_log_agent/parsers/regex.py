"""The regex parser: the named groups of a pattern are the fields. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, PATTERN
from pillion_log_agent.parsers.parsed import Parsed
from pillion_log_agent.parsers.shared import Finishing, ParserProperties
from pillion_log_agent.patterns.ruby import translate

if TYPE_CHECKING:
    from pillion_log_agent.patterns.pattern import Pattern
    from pillion_log_agent.records.timestamps import Timestamps


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

    def parse_block(self, _data: bytes) -> Timestamps | None:
        """Return None: its lines are no JSON."""
        return None


REGEX = Declaration(
    name="regex",
    summary="The named groups of a pattern.",
    properties=RegexProperties,
    required=("name", "regex"),
    build=RegexParser,
)
