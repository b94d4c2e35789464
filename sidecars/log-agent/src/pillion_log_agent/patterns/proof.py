r"""Whether a pattern is linear: proven by following all its ways over every text at once. Pure.

A backtracking matcher goes one way through a pattern after the other. What it does in all is the
number of ways that are open at each character, added up over the text. So a pattern is linear if
no text ever opens more than a fixed number of them, counting those of each place at which the
search begins anew.

The ways that are open after a text are a list, in the order in which the matcher would try them.
From each list, each class of characters leads to another. If this comes to an end, with no list
longer than `MOST_WAYS`, then every text has been looked at, and the pattern is proven. If a list
grows longer, the text that led there is the reason that is given.

What comes later in a list is never tried once an earlier way is certain to match: it has matched,
or what is left of it matches whatever follows, as `.*$` does. So those are taken off the list.

Source: the idea is that of Pike's and Thompson's simulation of patterns, kept in order and with
nothing thrown together; see also Weideman et al., "Analyzing matching time behavior of
backtracking regular expression matchers by using ambiguity of NFA", 2016.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from pillion_log_agent.patterns.program import (
    At,
    Before,
    Choose,
    Commit,
    Doubt,
    End,
    Next,
    Program,
    Take,
    UnprovableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST_WAYS = 12
"""Open at one character: a step costs some 20 ns, so a line of 1 MiB costs at most 250 ms."""
MOST_LISTS = 4000
MOST_EDGES = 60_000
_DEAR = 4
_MOST_VISITS = 400
_NO_CHARACTER = -1
_MATCH = -2

_Behind = tuple[tuple[bool, ...] | None, ...]
_Inner = Choose | Doubt | At | Next | Before
_Closure = tuple[list[tuple[int, bool]], list[Commit]]


class _Way(NamedTuple):
    """One way that is open: where it stands, and whether it may be one that is never taken."""

    step: int
    is_doubtful: bool


class _Ways(NamedTuple):
    """What is open after a text.

    `is_settled`: a match is certain, and the search begins nowhere anew.
    """

    behind: _Behind
    open: tuple[_Way, ...]
    is_settled: bool


def prove_linear(program: Program, has: Callable[[str], bool] = lambda _: True) -> int:
    """Return the most ways that any text opens at once.

    Args:
        program: of the pattern.
        has: whether the texts may have a character.

    Raises:
        UnprovableError: some text opens too many, or the lists do not come to an end.
    """
    samples = program.alphabet.samples
    classes = [each for each, sample in enumerate(samples) if has(sample)]
    return _Proof(program, classes).run()


class _Proof:
    """Looks at every list that can be."""

    def __init__(self, program: Program, classes: Sequence[int]) -> None:
        self._program = program
        self._steps = program.steps
        self._classes = classes
        self._asked = sorted(program.looks_behind, key=sorted)
        self._signatures = {each: tuple(each in asked for asked in self._asked) for each in classes}
        self._depth = 2 if self._asked else 0
        self._closures: dict[tuple[int, _Behind, int], _Closure] = {}
        self._sure = self._surely_matching()

    def run(self) -> int:
        first = _Ways((None,) * self._depth, (), is_settled=False)
        came_from: dict[_Ways, tuple[_Ways, int] | None] = {first: None}
        # The longest lists first: where one grows too long, it is soon found.
        queue = [(0, 0, first)]
        widest = edges = 0
        while queue:
            ways = heappop(queue)[2]
            for character in self._classes:
                edges += 1
                following = self._after(ways, character)
                if following in came_from:
                    continue
                came_from[following] = (ways, character)
                widest = max(widest, self._width(following))
                if widest > MOST_WAYS:
                    text = self._text_to(following, came_from)
                    raise UnprovableError(f"it has ever more ways to read a text such as {text!r}")
                if len(came_from) > MOST_LISTS or edges > MOST_EDGES:
                    raise UnprovableError("it has too many ways to look through")
                if following.open or not following.is_settled:
                    heappush(queue, (-len(following.open), len(came_from), following))
        return widest

    def _width(self, ways: _Ways) -> int:
        dear = self._program.dear
        return sum(_DEAR if way.step in dear else 1 for way in ways.open)

    def _text_to(self, ways: _Ways, came_from: dict[_Ways, tuple[_Ways, int] | None]) -> str:
        found: list[str] = []
        at: tuple[_Ways, int] | None = came_from[ways]
        while at is not None:
            found.append(self._program.alphabet.samples[at[1]])
            at = came_from[at[0]]
        return "".join(reversed(found))

    def _after(self, ways: _Ways, character: int) -> _Ways:
        """Return what is open after one character more."""
        behind = ways.behind
        waiting = list(ways.open)
        if not ways.is_settled:
            waiting.append(_Way(self._program.start, is_doubtful=False))
        found: list[_Way] = []
        is_certain_now = False
        done: list[Commit] = []
        for way in waiting:
            if is_certain_now:
                break
            if any(commit.covers(way.step) for commit in done):
                continue
            targets, commits = self._closure(way.step, behind, character)
            done += commits
            for step, is_doubtful in targets:
                is_certain = not (is_doubtful or way.is_doubtful)
                if step != _MATCH:
                    found.append(_Way(step, not is_certain))
                if is_certain and (step == _MATCH or step in self._sure):
                    is_certain_now = True
                    break
        if self._depth:
            behind = (*behind[1:], self._signatures[character])
        return _Ways(behind, tuple(found), ways.is_settled or is_certain_now)

    def _closure(self, step: int, behind: _Behind, character: int) -> _Closure:
        """Return where a way goes by a character, in order, and what it commits itself to.

        A target is `_MATCH` where the way is at its end.

        Args:
            step: where it stands.
            behind: of the characters before, the last one last.
            character: the class, or `_NO_CHARACTER` at the end of the text.
        """
        key = (step, behind, character)
        found = self._closures.get(key)
        if found is None:
            found = self._closures[key] = self._walk(step, behind, character)
        return found

    def _walk(self, start: int, behind: _Behind, character: int) -> _Closure:
        targets: list[tuple[int, bool]] = []
        commits: list[Commit] = []
        stack = [(start, False)]
        for _ in range(_MOST_VISITS):
            if not stack:
                return targets, commits
            number, is_doubtful = stack.pop()
            step = self._steps[number]
            if isinstance(step, Take):
                if character in step.classes:
                    targets.append((step.next, is_doubtful))
            elif isinstance(step, End):
                if step.is_match:
                    targets.append((_MATCH, is_doubtful))
            elif isinstance(step, Commit):
                commits.append(step)
                stack = [each for each in stack if not step.covers(each[0])]
                stack.append((step.next, is_doubtful))
            else:
                stack += self._onward(step, behind, character, is_doubtful=is_doubtful)
        raise UnprovableError("it has too many choices in one place")

    def _onward(
        self, step: _Inner, behind: _Behind, character: int, *, is_doubtful: bool
    ) -> list[tuple[int, bool]]:
        """Return where a step that takes no character leads to, the first one last."""
        if isinstance(step, Choose):
            return [(each, is_doubtful) for each in reversed(step.nexts)]
        if isinstance(step, Doubt):
            tried = [] if step.tried is None else [(step.tried, True)]
            return [(step.next, True), *tried]
        return [(step.next, is_doubtful)] if self._holds(step, behind, character) else []

    def _holds(self, step: At | Next | Before, behind: _Behind, character: int) -> bool:
        if isinstance(step, Next):
            return (character in step.classes) is step.is_wanted
        if isinstance(step, Before):
            last = behind[len(behind) - len(step.classes) :]
            is_so = all(
                seen is not None and seen[self._asked.index(classes)]
                for seen, classes in zip(last, step.classes, strict=True)
            )
            return is_so is step.is_wanted
        return self._is_at(step.place, behind, character)

    def _is_at(self, place: str, behind: _Behind, character: int) -> bool:
        alphabet = self._program.alphabet
        if place == "end":
            return character == _NO_CHARACTER
        if place == "line_end":
            return character == _NO_CHARACTER or character in alphabet.newline
        last = behind[-1] if behind else None
        if place == "start":
            return last is None
        if place == "line_start":
            return last is None or last[self._asked.index(alphabet.newline)]
        was_word = last is not None and last[self._asked.index(alphabet.word)]
        return (was_word != (character in alphabet.word)) is (place == "boundary")

    def _surely_matching(self) -> set[int]:
        """Return the steps from which a match is certain, whatever follows.

        The largest set in which each has, for every character and for the end, a way without
        doubt that matches or leads to another of the set. What looks behind counts as not met.
        """
        takes = {step.next for step in self._steps if isinstance(step, Take)}
        sure = {each for each in takes if not self._asks_behind(each)}
        following = {
            (each, character): {
                target
                for target, is_doubtful in self._closure(each, (None,) * self._depth, character)[0]
                if not is_doubtful
            }
            for each in sure
            for character in (*self._classes, _NO_CHARACTER)
        }
        while True:
            lost = {
                each
                for (each, _), targets in following.items()
                if each in sure and _MATCH not in targets and not targets & sure
            }
            if not lost:
                return sure
            sure -= lost

    def _asks_behind(self, start: int) -> bool:
        """Whether what may come at once after a step depends on the characters before."""
        stack, seen = [start], set()
        while stack:
            number = stack.pop()
            if number in seen:
                continue
            seen.add(number)
            step = self._steps[number]
            if isinstance(step, Before) or (
                isinstance(step, At) and step.place not in ("end", "line_end")
            ):
                return True
            if isinstance(step, Choose):
                stack += step.nexts
            elif isinstance(step, (At, Next, Commit)):
                stack.append(step.next)
            elif isinstance(step, Doubt):
                stack += [step.next] if step.tried is None else [step.next, step.tried]
        return False
