r"""Lazy steps made quick: `[^"]*?` before a space runs to the next space at once. Pure.

A lazy step tries what follows it at each character. Where what follows can only begin with a few
characters, all others can be passed without trying: `X*?Y`, where Y begins with one of S, finds
the same as `(?:X-S)*(?:(?:X&S)(?:X-S)*)*?Y`. The tree is that of Python's `re`.
"""

from __future__ import annotations

from re import _constants as op  # type: ignore[attr-defined, unused-ignore]
from re import _parser  # type: ignore[attr-defined, unused-ignore]
from typing import Any

from pillion_log_agent.patterns.tree import LOOPS, Node

NEWLINE = 10
_First = frozenset[int]
_MOST = 8
"""Characters that may begin what follows; with more there is little to pass."""


def quickened(tree: Any) -> Any:
    """Return a tree with its lazy steps made quick; the pattern has to mind the case."""
    return _sequence(tree, frozenset(), follows=False)


def _sequence(tree: Any, after: _First | None, *, follows: bool) -> Any:
    """Return a sequence with its lazy steps made quick.

    Args:
        tree: its items.
        after: what may begin what follows it; None where that cannot be said.
        follows: whether anything has to.
    """
    found: list[Node] = []
    first, is_there = after, follows
    for node in reversed(tree.data):
        kind, value = node
        items = [node]
        if kind is op.MIN_REPEAT and first and is_there and len(first) <= _MOST:
            items = _quick(value, first) or items
        elif kind is op.SUBPATTERN:
            items = [(kind, (*value[:3], _sequence(value[3], first, follows=is_there)))]
        elif kind is op.BRANCH:
            branches = [_sequence(each, first, follows=is_there) for each in value[1]]
            items = [(kind, (value[0], branches))]
        elif kind in LOOPS:
            # It may be followed by itself.
            again = first if value[1] == 1 else _first_of(node, first, follows=True)[0]
            items = [(kind, (*value[:2], _sequence(value[2], again, follows=is_there)))]
        found[:0] = items
        first, is_there = _first_of(node, first, follows=is_there)
    return _parser.SubPattern(tree.state, found)


def _first_of(item: Node, after: _First | None, *, follows: bool) -> tuple[_First | None, bool]:
    """Return what may begin an item with what follows it, and whether anything has to."""
    operation, argument = item
    if operation is op.LITERAL:
        return frozenset({argument}), True
    if operation is op.IN:
        return _members(argument), True
    if operation is op.SUBPATTERN and not argument[1] and not argument[2]:
        return _first_of_all(argument[3], after, follows=follows)
    if operation is op.BRANCH:
        firsts = [_first_of_all(branch, after, follows=follows) for branch in argument[1]]
        known = [first for first, _ in firsts if first is not None]
        union = frozenset().union(*known) if len(known) == len(firsts) else None
        return union, all(is_there for _, is_there in firsts)
    if operation in LOOPS:
        least, _, inner = argument
        first, is_there = _first_of_all(inner, after, follows=follows)
        if least and is_there:
            return first, True
        return (None if first is None or after is None else first | after), follows
    return None, False


def _first_of_all(tree: Any, after: _First | None, *, follows: bool) -> tuple[_First | None, bool]:
    for item in reversed(tree.data):
        after, follows = _first_of(item, after, follows=follows)
    return after, follows


def _members(members: list[Node]) -> _First | None:
    """Return the characters of a set, None where they are many."""
    if all(operation is op.LITERAL for operation, _ in members):
        return frozenset(argument for _, argument in members)
    return None


def _quick(argument: Any, first: _First) -> list[Node] | None:
    """Return the items that do the same as a lazy step; None where it repeats more than a set."""
    least, most, inner = argument
    if least > 1 or most is not op.MAXREPEAT or len(inner.data) != 1:
        return None
    excluded = _excluded(*inner.data[0])
    if excluded is None:
        return None
    passed = (
        op.IN,
        [(op.NEGATE, None), *((op.LITERAL, each) for each in sorted(excluded | first))],
    )
    tried = sorted(first - excluded)
    run = (op.MAX_REPEAT, (0, op.MAXREPEAT, _of(inner, [passed])))
    items = [inner.data[0], run] if least else [run]
    if tried:
        step: Node = (op.IN, [(op.LITERAL, each) for each in tried])
        if len(tried) == 1:
            step = (op.LITERAL, tried[0])
        group = (op.SUBPATTERN, (None, 0, 0, _of(inner, [step, run])))
        items.append((op.MIN_REPEAT, (0, op.MAXREPEAT, _of(inner, [group]))))
    return items


def _excluded(operation: Any, argument: Any) -> _First | None:
    """Return the characters that a node does not match; None where there are more than a few."""
    if operation is op.NOT_LITERAL:
        return frozenset({argument})
    if operation is op.ANY:
        return frozenset({NEWLINE})
    if operation is op.IN and argument[0][0] is op.NEGATE:
        return _members(argument[1:])
    return None


def _of(tree: Any, items: list[Node]) -> Any:
    return _parser.SubPattern(tree.state, items)
