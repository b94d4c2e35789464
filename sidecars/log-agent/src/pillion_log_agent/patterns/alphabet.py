"""The characters that a pattern tells apart: one class for all that it treats alike. Pure.

A proof over classes holds for every text. A class is known by a sample: what `re` itself says of
each sample decides, so that categories and letter case mean here what they mean there.
"""

from __future__ import annotations

import re
import sys
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pillion_log_agent.patterns.tree import Node

# Beyond Latin: digits, letters with and without case, marks, spaces, line ends, what maps to ASCII.
_FARTHER = (
    "\u0131\u017f\u0180\u01c5\u02b0\u0300\u0391\u03c2\u03c3\u0416\u0436\u05d0\u0660\u0966\u1e9e"
    "\u1680\u2000\u2028\u2029\u202f\u203f\u2160\u2460\u212a\u2202\u3000\u3007\u4e00\uac00"
    "\ud800\ue000\ufb01\ufeff\uff11\uff21\uffff\U00010000\U00010400\U0001d7ce\U0001f600\U0010ffff"
)
_LATIN = "".join(map(chr, range(0x100)))


class Alphabet:
    """Classes of characters.

    Attributes:
        samples: one character of each class; the newline is a class of its own.
    """

    def __init__(self, nodes: Iterable[tuple[Node, int]]) -> None:
        """Tell apart what these nodes tell apart.

        Args:
            nodes: each with the flags that hold for it.
        """
        distinct = {(_key(node), flags): (node, flags) for node, flags in nodes}
        text = _LATIN + _FARTHER + _edges(each[0] for each in distinct.values())
        # What can be printed first: where a class has such a character, its sample is one.
        text = "".join(sorted(dict.fromkeys(text), key=lambda each: not each.isprintable()))
        found = {key: _members(node, flags, text) for key, (node, flags) in distinct.items()}
        found["newline", 0] = {"\n"}
        found["word", 0] = {each for each in text if each.isalnum() or each == "_"}
        classes: dict[tuple[bool, ...], int] = {}
        samples: list[str] = []
        member_sets = list(found.values())
        self._sets: dict[tuple[Any, int], set[int]] = {key: set() for key in found}
        for character in text:
            signature = tuple(character in members for members in member_sets)
            if signature in classes:
                continue
            number = classes[signature] = len(samples)
            samples.append(character)
            for key, is_in in zip(found, signature, strict=True):
                if is_in:
                    self._sets[key].add(number)
        self.samples: Sequence[str] = samples

    def of(self, node: Node, flags: int) -> frozenset[int]:
        """Return the classes that a node takes."""
        return frozenset(self._sets[_key(node), flags])

    @property
    def newline(self) -> frozenset[int]:
        """The class of the newline."""
        return frozenset(self._sets["newline", 0])

    @property
    def word(self) -> frozenset[int]:
        r"""The classes of word characters, as `\b` means them."""
        return frozenset(self._sets["word", 0])

    def __len__(self) -> int:
        return len(self.samples)


def _key(node: Node) -> str:
    return repr(node)


def _members(node: Node, flags: int, text: str) -> set[str]:
    if not flags & re.IGNORECASE and (plain := _plain_members(node, flags, text)) is not None:
        return plain
    tree = _parser.SubPattern(_parser.State(), [node])
    tree.state.flags = flags
    tree.state.str = ""
    return set(_compiler.compile(tree, flags).findall(text))


def _plain_members(node: Node, flags: int, text: str) -> set[str] | None:
    """Return what a node takes, None where it takes `re` to say so: it saves compiling it."""
    kind, value = node
    if kind is _constants.ANY:
        return set(text) if flags & re.DOTALL else set(text) - {"\n"}
    members = value if kind is _constants.IN else [(_constants.LITERAL, value)]
    found: set[str] = set()
    is_negated = kind is _constants.NOT_LITERAL
    for each, what in members:
        if each is _constants.NEGATE:
            is_negated = True
        elif each is _constants.LITERAL:
            found.add(chr(what))
        elif each is _constants.RANGE:
            found |= {character for character in text if what[0] <= ord(character) <= what[1]}
        else:
            return None
    return set(text) - found if is_negated else found & set(text)


def _edges(nodes: Iterable[Node]) -> str:
    """Return the characters at the edges of what nodes name beyond Latin, in both cases."""
    points: set[int] = set()
    for kind, value in nodes:
        for inner, inner_value in value if kind is _constants.IN else [(kind, value)]:
            if inner is _constants.RANGE:
                points.update(inner_value)
            elif inner in (_constants.LITERAL, _constants.NOT_LITERAL):
                points.add(inner_value)
    near = {each + step for each in points if each > 0x7F for step in (-1, 0, 1)}  # noqa: PLR2004
    text = "".join(chr(each) for each in sorted(near) if each <= sys.maxunicode)
    return text + text.upper() + text.lower()
