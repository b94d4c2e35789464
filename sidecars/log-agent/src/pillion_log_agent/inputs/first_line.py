"""The old way of joining lines in `tail`: `multiline on`, `parser_firstline`, `parser_N`.

A record begins where the parser of the first line fits and goes on to the next such line. Its
fields are those of the first line; a line that one of the others fits adds its fields, and any
other is added to the last field that was found. Source: "Old Multiline" of fluent-bit's manual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_log_agent.multiline.machine import Machine
from pillion_log_agent.multiline.rules import START, Definition, Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.parsers.parsed import Fields, Parsed, Parser


class FirstLine:
    """Composes the fields of a record of its lines."""

    def __init__(self, key: str, first: Parser, others: Sequence[Parser]) -> None:
        """Take the parsers.

        Args:
            key: the field of a line that stands before every first line.
            first: of the first line.
            others: of those behind; the first that fits is taken.
        """
        self._key = key
        self._first = first
        self._others = others

    def machine(self, timeout: float) -> Machine:
        """Return what splits lines: at each that the first parser fits."""
        first = Rule((START,), lambda line: self._first.parse(line, 0), "rest", self._first.name)
        rest = Rule(("rest",), lambda _line: True, "rest", "any other line")
        definition = Definition("multiline on", (first, rest), timeout)
        return Machine([definition], is_start_first=True)

    def __call__(self, lines: Sequence[str], now: int) -> tuple[Fields, int]:
        """Return the fields and the time of a record."""
        parsed = self._first.parse(lines[0], now)
        if parsed is None:
            return {self._key: "\n".join(lines)}, now
        fields = parsed.fields
        rest: list[str] = []
        for line in lines[1:]:
            more = self._parse_other(line, now)
            if more is None:
                rest.append(line)
                continue
            _add_lines(fields, rest, self._key)
            rest = []
            # What is found again goes to the end: lines behind are added to it.
            for name, value in more.fields.items():
                fields.pop(name, None)
                fields[name] = value
        _add_lines(fields, rest, self._key)
        return fields, now if parsed.time is None else parsed.time

    def _parse_other(self, line: str, now: int) -> Parsed | None:
        for parser in self._others:
            parsed = parser.parse(line, now)
            if parsed is not None:
                return parsed
        return None


def _add_lines(fields: Fields, lines: Sequence[str], key: str) -> None:
    """Add lines to the last field, or to one of their own when that holds no text."""
    if not lines:
        return
    last = next(reversed(fields), key)
    if not isinstance(fields.get(last, ""), str):
        last = key
    before = fields.get(last)
    fields[last] = "\n".join([before, *lines] if isinstance(before, str) else lines)
