"""The state machine of one or several multiline parsers: splits lines into records. Pure.

Parsers that are listed together are alternatives: a line that does not go on with the record that
is open may begin one of any of them. Where it may begin one of several, the next line decides.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from pillion_log_agent.multiline.rules import START

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion_log_agent.multiline.rules import Definition


class Step:
    """A rule that the last line of a record has met, and what may follow it.

    Attributes:
        matches: whether a line fits the rule.
        following: the rules that may go on with the record.
        ends: nothing goes on with it.
        timeout: seconds that the rest is waited for.
    """

    __slots__ = ("ends", "following", "matches", "timeout")

    def __init__(self, matches: Callable[[str], object], timeout: float) -> None:
        self.matches = matches
        self.following: tuple[Step, ...] = ()
        self.ends = True
        self.timeout = timeout


class Machine:
    """Splits lines.

    Attributes:
        timeout: the shortest of its parsers, in seconds.
        glue: what stands between two lines of a record.
        encoded_needles: as JSON spells them, the texts of which every line that begins a record
            has one; None when that cannot be said.
    """

    def __init__(self, definitions: Sequence[Definition], *, is_start_first: bool = False) -> None:
        """Join parsers to one machine.

        Args:
            definitions: the alternatives, in order.
            is_start_first: a line that may begin a record does, also where it could go on.
        """
        self._starts = [_linked(each) for each in definitions]
        self._takes_all = [each.takes_all for each in definitions]
        self._only = self._starts[0][0] if sum(map(len, self._starts)) == 1 else None
        self._either: dict[tuple[Step, ...], Step] = {}
        self._is_start_first = is_start_first
        needles = _needles_of(definitions)
        self._places = _finder_of(needles) if needles is not None else None
        self.encoded_needles = _encoded(needles) if needles is not None else None
        self.timeout = min(each.timeout for each in definitions)
        self.glue = "\n" if any(each.glue for each in definitions) else ""

    def split(self, lines: Sequence[str], step: Step | None) -> tuple[Sequence[int], Step | None]:
        """Return where records begin among the lines, and the step of the one that stays open.

        Lines before the first beginning go on with the record that was open.

        Args:
            lines: without their newlines.
            step: of the record that is open, None when there is none.
        """
        candidates = self._candidates(lines)
        count = len(lines)
        if step is None and not candidates:
            return range(count), None
        candidates.append(count)
        starts: list[int] = []
        index = at = 0
        while index < count:
            while candidates[at] < index:
                at += 1
            if step is None:
                # Up to the next candidate, each line is a record of its own.
                index, before = candidates[at], index
                starts += range(before, index)
                if index == count:
                    break
            elif not (self._is_start_first and candidates[at] == index):
                following = _following(step, lines[index])
                if following is not None:
                    step = None if following.ends else following
                    index += 1
                    continue
            starts.append(index)
            begun = self._begin(lines[index]) if candidates[at] == index else None
            step = None if begun is None or begun.ends else begun
            index += 1
        return starts, step

    def _candidates(self, lines: Sequence[str]) -> list[int]:
        """Return the lines that may begin a record, and maybe some others, in order."""
        if self._places is not None:
            return sorted(_lines_with(self._places, lines))
        if self._only is not None:
            found = map(self._only.matches, lines)
            return [index for index, begins in enumerate(found) if begins]
        return list(range(len(lines)))

    def _begin(self, line: str) -> Step | None:
        """Return the rule by which a candidate begins a record; None when it does not."""
        if self._only is not None and self._places is None:
            return self._only
        found: list[Step] = []
        for steps, takes_all in zip(self._starts, self._takes_all, strict=True):
            begun = next((step for step in steps if step.matches(line)), None)
            if begun is None or (takes_all and found):
                continue
            if takes_all:
                return begun
            found.append(begun)
        if len(found) < 2:  # noqa: PLR2004  # that is: no two
            return found[0] if found else None
        return self._either_of(tuple(found))

    def _either_of(self, steps: tuple[Step, ...]) -> Step:
        """Return the step of a line that may begin a record of several parsers."""
        step = self._either.get(steps)
        if step is None:
            step = Step(steps[0].matches, max(each.timeout for each in steps))
            step.following = tuple(after for each in steps for after in each.following)
            step.ends = not step.following
            self._either[steps] = step
        return step


def _following(step: Step, line: str) -> Step | None:
    """Return the rule by which a line goes on with a record."""
    for each in step.following:
        if each.matches(line):
            return each
    return None


def _linked(definition: Definition) -> list[Step]:
    """Return the steps of the start rules, each linked to what may follow it."""
    rules = definition.rules
    steps = [Step(rule.matches, definition.timeout) for rule in rules]
    for rule, step in zip(rules, steps, strict=True):
        if rule.next != START:
            step.following = tuple(
                other
                for candidate, other in zip(rules, steps, strict=True)
                if rule.next in candidate.states
            )
        step.ends = not step.following
    return [step for rule, step in zip(rules, steps, strict=True) if START in rule.states]


def _needles_of(definitions: Sequence[Definition]) -> list[str] | None:
    """Return the needles of all parsers, None when one has none."""
    if not all(each.needles for each in definitions):
        return None
    return sorted({needle for each in definitions for needle in each.needles})


def _encoded(needles: Sequence[str]) -> tuple[bytes, ...]:
    spelt = [needle.replace("\t", escape) for needle in needles for escape in ("\\t", "\\u0009")]
    return tuple(dict.fromkeys(text.encode() for text in spelt))


def _finder_of(needles: Sequence[str]) -> Callable[[str], list[int]]:
    """Return what finds the places of all needles in a text."""
    patterns = [re.compile(re.escape(needle)) for needle in needles]

    def places(text: str) -> list[int]:
        # A literal is found far sooner alone than among alternatives, and one character sooner.
        # It is found by a pattern as soon as by `in`, which then would be for nothing.
        return [
            match.start()
            for needle, pattern in zip(needles, patterns, strict=True)
            if needle[0] in text
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
