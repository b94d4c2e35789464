"""A pattern as the steps that a backtracking matcher takes, with the order of its choices. Pure.

Made of the tree of `re`'s own parser, so that it is the pattern that will run. What is not followed
exactly (a look ahead of several characters, an atomic group) is followed in all ways at once: then
the ways are more than those that are taken, and none of them counts as a certain match.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from re import _constants as op  # type: ignore[attr-defined, unused-ignore]
from typing import TYPE_CHECKING, Any

from pillion_log_agent.patterns.alphabet import Alphabet
from pillion_log_agent.patterns.tree import (
    Node,
    is_single,
    leading_searches,
    may_be_empty,
    singles,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_STEPS = 3000
_LONGEST_LOOK_BEHIND = 2


class UnprovableError(ValueError):
    """It cannot be shown that a pattern is linear; the sentence says why."""


@dataclass(slots=True)
class Take:
    """One character of these classes."""

    classes: frozenset[int]
    next: int


@dataclass(slots=True)
class Choose:
    """One of these, in order."""

    nexts: list[int]


@dataclass(slots=True)
class At:
    """A place: `start`, `line_start`, `end`, `line_end`, `boundary`, `not_boundary`."""

    place: str
    next: int


@dataclass(slots=True)
class Next:
    """The character that comes is of these classes, or is not (`is_wanted`)."""

    classes: frozenset[int]
    is_wanted: bool
    next: int


@dataclass(slots=True)
class Before:
    """The characters before are of these classes, the last one last, or are not."""

    classes: tuple[frozenset[int], ...]
    is_wanted: bool
    next: int


@dataclass(slots=True)
class Doubt:
    """What follows may not be reached at all; `tried` is looked at first, and ends in nothing."""

    tried: int | None
    next: int


@dataclass(slots=True)
class Commit:
    """The steps behind `own` up to `last` are done with: no other way through them is tried."""

    next: int
    own: int = 0
    last: int = 0

    def covers(self, step: int) -> bool:
        """Whether a step is one of those."""
        return self.own < step <= self.last


@dataclass(slots=True)
class End:
    """A match, or the end of what a look ahead tries."""

    is_match: bool = True


Step = Take | Choose | At | Next | Before | Doubt | Commit | End


@dataclass(slots=True)
class Program:
    """The steps; the first is at `start`.

    Attributes:
        looks_behind: the classes that what comes later may ask of the characters before.
        dear: the steps within loops over more than one character, which cost `re` several times
            as much.
    """

    alphabet: Alphabet
    steps: list[Step] = field(default_factory=list)
    start: int = 0
    looks_behind: set[frozenset[int]] = field(default_factory=set)
    dear: set[int] = field(default_factory=set)


_PLACES = {
    op.AT_BEGINNING: "line_start",
    op.AT_BEGINNING_LINE: "line_start",
    op.AT_BEGINNING_STRING: "start",
    op.AT_END: "line_end",
    op.AT_END_LINE: "line_end",
    op.AT_END_STRING: "end",
    op.AT_BOUNDARY: "boundary",
    op.AT_NON_BOUNDARY: "not_boundary",
}


def program_of(tree: Any) -> Program:
    """Return the program of a tree.

    Raises:
        UnprovableError: it has what is not followed, or is too long.
    """
    flags = tree.state.flags
    alphabet = Alphabet(singles(list(tree), flags))
    made = _Maker(Program(alphabet))
    end = made.add(End())
    nodes = list(tree)
    make = made.first_of_line if leading_searches(nodes) else made.sequence
    made.program.start = make(nodes, end, flags)
    return made.program


class _Maker:
    """Adds steps from the end to the beginning, so that each knows the one behind it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._groups: dict[int, tuple[list[Node], int]] = {}

    def add(self, step: Step) -> int:
        steps = self.program.steps
        if len(steps) >= MOST_STEPS:
            raise UnprovableError("it is too long to be looked through")
        steps.append(step)
        return len(steps) - 1

    def sequence(self, nodes: Sequence[Node], after: int, flags: int) -> int:
        self._note_groups(nodes, flags)
        for node in reversed(nodes):
            after = self._node(node, after, flags)
        return after

    def first_of_line(self, nodes: Sequence[Node], after: int, flags: int) -> int:
        """Return the entry of `^(?>.*?A)(?>.*?B)...`: the first A of a line, the B behind it...

        One such search is under way at a time, so that what it commits itself to ends all others.
        """
        count = leading_searches(nodes)
        after = self.sequence(nodes[1 + count :], after, flags)
        for _, body in reversed(nodes[1 : 1 + count]):
            commit = Commit(after)
            commit.own = self.add(commit)
            after = self.sequence(list(body), commit.own, flags)
            commit.last = len(self.program.steps) - 1
        return self._node(nodes[0], after, flags)

    def _note_groups(self, nodes: Sequence[Node], flags: int) -> None:
        for kind, value in nodes:
            if kind is op.SUBPATTERN:
                inner = (flags | value[1]) & ~value[2]
                if value[0] is not None:
                    self._groups[value[0]] = (list(value[3]), inner)
                self._note_groups(list(value[3]), inner)

    def _node(self, node: Node, after: int, flags: int) -> int:
        kind, value = node
        if is_single(node):
            return self.add(Take(self._classes(node, flags), after))
        if kind is op.SUBPATTERN:
            return self.sequence(list(value[3]), after, (flags | value[1]) & ~value[2])
        if kind is op.BRANCH:
            return self.add(Choose([self.sequence(list(each), after, flags) for each in value[1]]))
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            return self._repeat(kind, value, after, flags)
        if kind is op.AT and value in _PLACES:
            return self._at(_PLACES[value], after)
        if kind in (op.ASSERT, op.ASSERT_NOT):
            return self._look(value, is_wanted=kind is op.ASSERT, after=after, flags=flags)
        if kind is op.ATOMIC_GROUP:
            return self.add(Doubt(None, self.sequence(list(value), after, flags)))
        if kind is op.GROUPREF and value in self._groups:
            # Whatever text the group took, it is one that the group takes: more ways, not fewer.
            nodes, inner = self._groups[value]
            return self.add(Doubt(None, self.sequence(nodes, after, inner)))
        if kind is op.FAILURE:
            return self.add(End(is_match=False))
        raise UnprovableError(f"it has {str(kind).lower()}, which is not followed")

    def _classes(self, node: Node, flags: int) -> frozenset[int]:
        return self.program.alphabet.of(node, flags)

    def _at(self, place: str, after: int) -> int:
        if place == "line_start":
            self.program.looks_behind.add(self.program.alphabet.newline)
        elif place in ("boundary", "not_boundary"):
            self.program.looks_behind.add(self.program.alphabet.word)
        return self.add(At(place, after))

    def _repeat(self, kind: Any, value: Any, after: int, flags: int) -> int:
        low, high, body = value[0], value[1], list(value[2])
        is_possessive = kind is op.POSSESSIVE_REPEAT
        single = body[0] if len(body) == 1 and is_single(body[0]) else None
        if is_possessive and single is not None and high == op.MAXREPEAT:
            # It ends where the next character is another, and nowhere else.
            after = self.add(Next(self._classes(single, flags), is_wanted=False, next=after))
        elif is_possessive:
            after = self.add(Doubt(None, after))
        is_lazy = kind is op.MIN_REPEAT
        if high == op.MAXREPEAT:
            if may_be_empty(body):
                raise UnprovableError("it repeats what may match nothing")
            loop = self.add(Choose([]))
            again = self.sequence(body, loop, flags)
            if single is None:
                self.program.dear.update(range(loop, len(self.program.steps)))
            self.program.steps[loop] = Choose([after, again] if is_lazy else [again, after])
            entry = loop
        else:
            entry = after
            for _ in range(high - low):
                once = self.sequence(body, entry, flags)
                entry = self.add(Choose([after, once] if is_lazy else [once, after]))
        for _ in range(low):
            entry = self.sequence(body, entry, flags)
        return entry

    def _look(self, value: Any, *, is_wanted: bool, after: int, flags: int) -> int:
        direction, body = value[0], list(value[1])
        is_plain = all(is_single(each) for each in body)
        if direction < 0:
            if not is_plain:
                raise UnprovableError("it looks behind at more than plain characters")
            if len(body) > _LONGEST_LOOK_BEHIND:
                return self.add(Doubt(None, after))
            classes = tuple(self._classes(each, flags) for each in body)
            self.program.looks_behind.update(classes)
            return self.add(Before(classes, is_wanted, after))
        if is_plain and len(body) == 1:
            return self.add(Next(self._classes(body[0], flags), is_wanted, after))
        tried = self.sequence(body, self.add(End(is_match=False)), flags)
        return self.add(Doubt(tried, after))
