"""A pattern in the syntax of RE2, which is linear on every text. Pure.

What RE2 does not have (references, looking ahead and behind, atomic groups) is refused.

Source: RE2's own "Syntax" page.
"""

from __future__ import annotations

import re
from re import _constants as op  # type: ignore[attr-defined, unused-ignore]
from typing import TYPE_CHECKING, Any

from pillion_log_agent.patterns.tree import is_single

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.patterns.tree import Node

_PLACES = {
    op.AT_BEGINNING: "(?m:^)",
    op.AT_BEGINNING_STRING: r"\A",
    op.AT_END: "(?m:$)",
    op.AT_END_STRING: r"\z",
    op.AT_BOUNDARY: r"\b",
    op.AT_NON_BOUNDARY: r"\B",
}
_SPACES = (
    r"\t-\r\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}"
    r"\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
)
_CATEGORIES = {
    op.CATEGORY_DIGIT: r"\p{Nd}",
    op.CATEGORY_NOT_DIGIT: r"\P{Nd}",
    op.CATEGORY_SPACE: _SPACES,
    op.CATEGORY_WORD: r"\p{L}\p{N}_",
}
_NEGATED = {op.CATEGORY_NOT_SPACE: op.CATEGORY_SPACE, op.CATEGORY_NOT_WORD: op.CATEGORY_WORD}
_MOST_COPIES = 1000


def re2_syntax(tree: Any, *, captures: bool) -> str:
    """Return a tree in RE2's syntax.

    Args:
        tree: of `re`'s parser.
        captures: whether what the groups take is asked for.

    Raises:
        ValueError: RE2 has no counterpart of it.
    """
    return _Writer(captures=captures).sequence(list(tree), tree.state.flags)


def knows_ascii_only(text: str) -> bool:
    r"""Whether a pattern means the same as `re`'s for ASCII only: RE2's `\b` knows no other."""
    return r"\b" in text or r"\B" in text


class _Writer:
    def __init__(self, *, captures: bool) -> None:
        self._captures = captures

    def sequence(self, nodes: Sequence[Node], flags: int) -> str:
        return "".join(self._node(each, flags) for each in nodes)

    def _node(self, node: Node, flags: int) -> str:
        kind, value = node
        if is_single(node):
            return _single(node, flags)
        if kind is op.SUBPATTERN:
            inner = self.sequence(list(value[3]), (flags | value[1]) & ~value[2])
            return f"({inner})" if self._captures and value[0] is not None else f"(?:{inner})"
        if kind is op.BRANCH:
            return f"(?:{'|'.join(self.sequence(list(each), flags) for each in value[1])})"
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            return self._repeat(value, flags, "?" if kind is op.MIN_REPEAT else "")
        if kind is op.AT and value in _PLACES:
            return _PLACES[value]
        raise ValueError(f"RE2 has no {str(kind).lower()}")

    def _repeat(self, value: Any, flags: int, lazy: str) -> str:
        low, high, body = value
        copies = low if high == op.MAXREPEAT else high
        if copies > _MOST_COPIES:
            raise ValueError(f"RE2 repeats no more than {_MOST_COPIES} times")
        most = "" if high == op.MAXREPEAT else high
        return f"(?:{self.sequence(list(body), flags)}){{{low},{most}}}{lazy}"


def _single(node: Node, flags: int) -> str:
    kind, value = node
    if kind is op.ANY:
        return "(?s:.)" if flags & re.DOTALL else r"[^\n]"
    members = value if kind is op.IN else [(op.LITERAL, value)]
    is_negated = kind is op.NOT_LITERAL
    parts = []
    for each, what in members:
        if each is op.NEGATE:
            is_negated = True
        elif each is op.LITERAL:
            parts.append(_character(what))
        elif each is op.RANGE:
            parts.append(f"{_character(what[0])}-{_character(what[1])}")
        elif each is op.CATEGORY and what in _CATEGORIES:
            parts.append(_CATEGORIES[what])
        elif len(members) == 1 and each is op.CATEGORY and what in _NEGATED:
            is_negated = not is_negated
            parts.append(_CATEGORIES[_NEGATED[what]])
        elif members == [(op.NEGATE, None), (each, what)] and what in _NEGATED:
            is_negated = False
            parts.append(_CATEGORIES[_NEGATED[what]])
        else:
            raise ValueError(f"RE2 has no {str(what).lower()} in a class")
    written = f"[{'^' if is_negated else ''}{''.join(parts)}]"
    return f"(?i:{written})" if flags & re.IGNORECASE else written


def _character(point: int) -> str:
    return f"\\x{{{point:x}}}"
