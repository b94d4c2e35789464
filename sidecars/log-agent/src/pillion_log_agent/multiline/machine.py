"""The state machine of one or several multiline parsers: splits lines into records. Pure.

Parsers that are listed together are alternatives: a line that does not go on with the record that
is open may begin one of any of them, and the first in the list that fits takes it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from pillion_log_agent.multiline.rules import START

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion_log_agent.multiline.rules import Definition, Rule


class Step:
    """A rule that the last line of a record has met, and what may follow it.

    Attributes:
        matches: whether a line fits the rule.
        following: the rules that may go on with the record.
        ends: nothing goes on with it.
        patience: seconds that the rest is waited for.
    """

    __slots__ = ("ends", "following", "matches", "patience")

    def __init__(self, rule: Rule, definition: Definition) -> None:
        self.matches = rule.matches
        self.following: tuple[Step, ...] = ()
        self.ends = True
        self.patience = definition.patience


class Machine:
    """Splits lines.

    Attributes:
        patience: the shortest of its parsers, in seconds.
        glue: what stands between two lines of a record.
    """

    def __init__(self, definitions: Sequence[Definition], *, is_start_first: bool = False) -> None:
        """Join parsers to one machine.

        Args:
            definitions: the alternatives, in order.
            is_start_first: a line that may begin a record does, also where it could go on.
        """
        self._starts = [step for each in definitions for step in _linked(each)]
        self._is_start_first = is_start_first
        self._needle = _either_of(definitions)
        self.patience = min(each.patience for each in definitions)
        self.glue = "\n" if any(each.glue for each in definitions) else ""

    def split(self, lines: Sequence[str], step: Step | None) -> tuple[list[int], Step | None]:
        """Return where records begin among the lines, and the step of the one that stays open.

        Lines before the first beginning go on with the record that was open.

        Args:
            lines: without their newlines.
            step: of the record that is open, None when there is none.
        """
        beginning = self._beginning(lines)
        if step is None and not any(beginning):
            return list(range(len(lines))), None
        starts: list[int] = []
        for index, line in enumerate(lines):
            begins = beginning[index]
            if step is not None and not (self._is_start_first and begins):
                for each in step.following:
                    if each.matches(line):
                        break
                else:
                    each = None
                if each is not None:
                    step = None if each.ends else each
                    continue
            starts.append(index)
            step = None if begins is None or begins.ends else begins
        return starts, step

    def _beginning(self, lines: Sequence[str]) -> list[Step | None]:
        """Return for each line the rule by which it may begin a record."""
        if self._needle is not None:
            found: list[Step | None] = [None] * len(lines)
            for index in _lines_with(self._needle, lines):
                found[index] = self._begin(lines[index])
            return found
        if len(self._starts) == 1:
            (step,) = self._starts
            return [step if each else None for each in map(step.matches, lines)]
        return [self._begin(line) for line in lines]

    def _begin(self, line: str) -> Step | None:
        for step in self._starts:
            if step.matches(line):
                return step
        return None


def _linked(definition: Definition) -> list[Step]:
    """Return the steps of the start rules, each linked to what may follow it."""
    rules = definition.rules
    steps = [Step(rule, definition) for rule in rules]
    for rule, step in zip(rules, steps, strict=True):
        if rule.next != START:
            step.following = tuple(
                other
                for candidate, other in zip(rules, steps, strict=True)
                if rule.next in candidate.states
            )
        step.ends = not step.following
    return [step for rule, step in zip(rules, steps, strict=True) if START in rule.states]


def _either_of(definitions: Sequence[Definition]) -> Callable[[str], list[int]] | None:
    """Return what finds the places of all needles in a text, None when a parser has none."""
    if not all(each.needles for each in definitions):
        return None
    needles = sorted({needle for each in definitions for needle in each.needles})
    patterns = [re.compile(re.escape(needle)) for needle in needles]

    def places(text: str) -> list[int]:
        # A literal is found far sooner alone than among alternatives.
        return [
            match.start()
            for needle, pattern in zip(needles, patterns, strict=True)
            if needle in text
            for match in pattern.finditer(text)
        ]

    return places


def _lines_with(places: Callable[[str], list[int]], lines: Sequence[str]) -> set[int]:
    """Return the indices of the lines that have a needle: they are looked for in all at once."""
    found = places("\n".join(lines))
    if not found:
        return set()
    ends = list(accumulate(map(len, lines), lambda end, length: end + length + 1))
    return {bisect_right(ends, place) for place in found}
