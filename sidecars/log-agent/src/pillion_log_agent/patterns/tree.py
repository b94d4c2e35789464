"""The trees of `re`'s own parser, and what can be said of their nodes. Pure."""

from __future__ import annotations

from re import _compiler, _parser  # type: ignore[attr-defined, unused-ignore]
from re import _constants as op  # type: ignore[attr-defined, unused-ignore]
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence

Node = tuple[Any, Any]
"""What it is, and what belongs to that: a character, members of a class, bounds and a body..."""
LOOPS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_SINGLE = {op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN}
_WITH_BODY = {*LOOPS, op.ASSERT, op.ASSERT_NOT}
_NEWLINE = 0x0A


def parse(text: str, flags: int) -> Any:
    """Return the tree of a pattern, as `re` reads it; raises re.error."""
    return _parser.parse(text, flags)


def compile_tree(tree: Any) -> re.Pattern[str]:
    """Return the pattern of a tree."""
    compiled: re.Pattern[str] = _compiler.compile(tree, tree.state.flags)
    return compiled


def is_single(node: Node) -> bool:
    """Whether a node of the tree takes exactly one character."""
    return node[0] in _SINGLE


def singles(nodes: Sequence[Node], flags: int) -> Iterator[tuple[Node, int]]:
    """Yield every node that takes one character, with the flags that hold there."""
    for node in nodes:
        kind, value = node
        if is_single(node):
            yield node, flags
        elif kind is op.SUBPATTERN:
            yield from singles(list(value[3]), (flags | value[1]) & ~value[2])
        elif kind is op.BRANCH:
            for branch in value[1]:
                yield from singles(list(branch), flags)
        elif kind in _WITH_BODY:
            yield from singles(list(value[-1]), flags)
        elif kind is op.ATOMIC_GROUP:
            yield from singles(list(value), flags)


def starts_lines(nodes: Sequence[Node]) -> bool:
    """Whether a pattern can match from the beginning of a line only."""
    if not nodes:
        return False
    kind, value = nodes[0]
    if kind is op.AT:
        return value in (op.AT_BEGINNING, op.AT_BEGINNING_STRING)
    if kind is op.SUBPATTERN:
        return starts_lines(list(value[3]))
    return kind is op.BRANCH and all(starts_lines(list(each)) for each in value[1])


def leading_searches(nodes: Sequence[Node]) -> int:
    """Return how many `(?>.*?A)` follow a `^`, where each A has one length and no newline."""
    if not nodes or nodes[0] != (op.AT, op.AT_BEGINNING):
        return 0
    count = 0
    for kind, value in nodes[1:]:
        body = list(value) if kind is op.ATOMIC_GROUP else []
        if not (body and is_anything(body[0], (op.MIN_REPEAT,)) and is_fixed(body[1:])):
            break
        count += 1
    return count


def is_anything(node: Node, kinds: Sequence[Any]) -> bool:
    """Whether a node is `.*`, `.+` or the like: a loop of one of these kinds over any character."""
    kind, value = node
    return kind in kinds and value[1] == op.MAXREPEAT and list(value[2]) == [(op.ANY, None)]


def is_fixed(nodes: Sequence[Node]) -> bool:
    """Whether a sequence takes always as many characters, some, and none of them a newline."""
    return bool(nodes) and all(
        is_single(each) and not _takes_newline(each)
        if each[0] is not op.SUBPATTERN
        else not (each[1][1] or each[1][2]) and is_fixed(list(each[1][3]))
        for each in nodes
    )


def _takes_newline(node: Node) -> bool:
    """Whether one of a node's characters may be a newline: yes, where it is not plainly none."""
    kind, value = node
    members = value if kind is op.IN else [node]
    for each, what in members:
        if each is op.RANGE:
            if what[0] <= _NEWLINE <= what[1]:
                return True
        elif each is op.CATEGORY:
            if what not in (op.CATEGORY_DIGIT, op.CATEGORY_WORD):
                return True
        elif each is not op.LITERAL or what == _NEWLINE:
            return True
    return False


def may_be_empty(nodes: Sequence[Node]) -> bool:
    """Whether a sequence may match without taking a character."""
    return all(map(_nodemay_be_empty, nodes))


def _nodemay_be_empty(node: Node) -> bool:
    kind, value = node
    if is_single(node) or kind is op.FAILURE:
        return False
    if kind is op.SUBPATTERN:
        return may_be_empty(list(value[3]))
    if kind is op.BRANCH:
        return any(may_be_empty(list(each)) for each in value[1])
    if kind in LOOPS:
        return value[0] == 0 or may_be_empty(list(value[2]))
    if kind is op.ATOMIC_GROUP:
        return may_be_empty(list(value))
    return True
