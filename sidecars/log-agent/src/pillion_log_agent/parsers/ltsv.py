"""The LTSV parser: `label:value` between tabs. Pure.

Source: ltsv.org.
"""

from __future__ import annotations

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.parsers.parsed import Fields, Parsed
from pillion_log_agent.parsers.shared import (
    OF_OTHER_FORMATS,
    Finishing,
    ParserProperties,
)


class LtsvParser:
    """Parses labelled values."""

    __slots__ = ("_finishing", "name")

    def __init__(self, properties: ParserProperties) -> None:
        self.name = properties.name
        self._finishing = Finishing.of(properties)

    def parse(self, text: str, now: int) -> Parsed | None:
        """Return the labelled values; None when no part has a label."""
        fields: Fields = {}
        for part in text.split("\t"):
            label, colon, value = part.partition(":")
            if colon and label and value:
                fields[label] = value
        if not fields:
            return None
        return Parsed(fields, self._finishing.finish(fields, now))


LTSV = Declaration(
    name="ltsv",
    summary="Labelled tab-separated values.",
    properties=ParserProperties,
    required=("name",),
    accepted=OF_OTHER_FORMATS,
    build=LtsvParser,
)
