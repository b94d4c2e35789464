"""From the names in `multiline.parser` to what joins lines or records."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion_log_agent.multiline.machine import Machine
from pillion_log_agent.multiline.make import MultilineParsers
from pillion_log_agent.multiline.records import RecordShape
from pillion_log_agent.multiline.stream import Joining

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion_log_agent.multiline.rules import Definition
    from pillion_log_agent.multiline.stream import End

MIB = 1024 * 1024
TEXT_KEY = "log"


def _unnoted(_count: int, _end: End) -> None:
    """Nobody counts."""


@dataclass(frozen=True, slots=True)
class MultilineContext:
    """What joining needs beside the parsers' rules.

    Attributes:
        parsers: by name.
        limit: bytes of a joined record, of `multiline_buffer_limit`; 0 for none.
        in_flight_bytes: how much an input may have handed out that is not acknowledged.
        note: is told how many records of several lines there were, and why they ended.
        clock: seconds that only grow.
    """

    parsers: MultilineParsers = field(default_factory=lambda: MultilineParsers({}))
    limit: int = 2 * MIB
    in_flight_bytes: int = 8 * MIB
    note: Callable[[int, End], None] = _unnoted
    clock: Callable[[], float] = time.monotonic

    @property
    def longest(self) -> int:
        """The longest joined record: what waits for its end is in flight, so half of that."""
        half = self.in_flight_bytes // 2
        return min(self.limit, half) if self.limit else half


@dataclass(frozen=True, slots=True)
class CombinedParser:
    """Parsers that are alternatives, as one.

    Attributes:
        machine: their rules.
        content: the field that is joined, where one of them names it.
        pattern: the field that the rules look at, likewise.
        group: the field that tells streams apart, likewise.
        parser: parses each line first, likewise.
    """

    machine: Machine
    content: str | None
    pattern: str | None
    group: str | None
    parser: str | None

    def joining(self, context: MultilineContext) -> Joining:
        """Return how the records are joined."""
        return Joining(self.machine, context.longest, context.note)

    def record_shape(self, content: str, context: MultilineContext) -> RecordShape:
        """Return which fields of records matter."""
        return RecordShape(content, self.pattern, self.group, context.in_flight_bytes // 2)


def combine(definitions: Sequence[Definition], timeout: float | None = None) -> CombinedParser:
    """Return parsers as one; raises ConfigurationError where they do not agree.

    Args:
        definitions: in the order of the list.
        timeout: seconds, in the place of what the parsers say.
    """
    if timeout is not None:
        definitions = [replace(each, timeout=timeout) for each in definitions]
    return CombinedParser(
        Machine(definitions),
        content=_agreed(definitions, "key_content"),
        pattern=_agreed(definitions, "key_pattern"),
        group=_agreed(definitions, "key_group"),
        parser=_agreed(definitions, "parser"),
    )


def _agreed(definitions: Sequence[Definition], key: str) -> str | None:
    values = {value for each in definitions if (value := getattr(each, key)) is not None}
    if len(values) > 1:
        names = ", ".join(each.name for each in definitions)
        raise ConfigurationError(
            f"multiline.parser: {names} cannot be listed together: {key} is "
            f"{' and '.join(sorted(values))}"
        )
    found: str | None = next(iter(values), None)
    return found


def named(listed: Sequence[Sequence[str]]) -> list[str]:
    """Return the names of one or several lists, each once, in order."""
    return list(dict.fromkeys(name for names in listed for name in names))
