"""The logfmt parser: `key=value key="a value" flag`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pillion.settings import setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG
from pillion_log_agent.parsers.decoders import unescaped
from pillion_log_agent.parsers.parsed import Fields, Parsed
from pillion_log_agent.parsers.shared import (
    OF_OTHER_FORMATS,
    Finishing,
    ParserProperties,
)

_PAIR = re.compile(r'([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*+)"?|([^\s"=]*)))?')


@dataclass(frozen=True, slots=True)
class LogfmtProperties(ParserProperties):
    """What the logfmt parser can be told."""

    logfmt_no_bare_keys: bool = setting(
        "logfmt_no_bare_keys", FLAG, "A line with a key that has no = is none.", default=False
    )


class LogfmtParser:
    """Parses pairs of key and value."""

    __slots__ = ("_finishing", "_no_bare_keys", "name")

    def __init__(self, properties: LogfmtProperties) -> None:
        self.name = properties.name
        self._no_bare_keys = properties.logfmt_no_bare_keys
        self._finishing = Finishing.of(properties)

    def parse(self, text: str, now: int) -> Parsed | None:
        """Return the pairs; a key by itself is true, and so is one with nothing behind its =."""
        fields: Fields = {}
        for match in _PAIR.finditer(text):
            key, quoted, plain = match.groups()
            if quoted is not None:
                fields[key] = unescaped(quoted)
            elif plain is not None:
                fields[key] = plain or True
            elif self._no_bare_keys:
                return None
            else:
                fields[key] = True
        if not fields:
            return None
        return Parsed(fields, self._finishing.finish(fields, now))


LOGFMT = Declaration(
    name="logfmt",
    summary="Pairs of key and value, as Go programs write them.",
    properties=LogfmtProperties,
    required=("name",),
    accepted=OF_OTHER_FORMATS,
    build=LogfmtParser,
)
