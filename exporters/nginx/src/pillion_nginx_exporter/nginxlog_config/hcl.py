"""HCL, version 1, as plain data. Pure.

The peer reads HCL 1 (https://github.com/hashicorp/hcl/tree/v1.0.0). python-hcl2 reads version 2,
another language, and its grammar takes 11 MB; this is the part of version 1 that configurations
have: keys with `=` or a block, names of blocks, text, numbers, truth values, lists and comments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST = 32
_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|//[^\n]*|/\*.*?\*/
    |(?P<mark>[=\[\]{},])
    |"(?P<text>(?:[^"\\\n]|\\.)*)"
    |(?P<number>-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![\w.]))
    |(?P<word>[A-Za-z_][\w.-]*)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_TRUTHS = {"true": True, "false": False}

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Item:
    """One key of a block.

    Attributes:
        key: its name.
        labels: the names between it and its `{`.
        value: a scalar, a list, or a block.
        line: where it stands, from 1.
    """

    key: str
    labels: tuple[str, ...]
    value: Scalar | list[object] | Block
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """What stands in braces; a key may be there several times."""

    items: tuple[Item, ...]


class HclSyntaxError(ValueError):
    """What is wrong with the text.

    Attributes:
        line: where, from 1.
    """

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line


def parse_hcl(text: str) -> Block:
    """Return the items of a file.

    Raises:
        HclSyntaxError: it is none.
    """
    tokens = _Tokens(text)
    block = _block(tokens, 0)
    if tokens.kind:
        raise HclSyntaxError(tokens.line, f"unexpected {tokens.text}")
    return block


class _Tokens:
    """The token that is next.

    Attributes:
        kind: `mark`, `text`, `number`, `word`; empty at the end.
        text: as it is written, text unescaped.
        line: where it stands.
    """

    def __init__(self, text: str) -> None:
        self._next = self._all(text)
        self.kind = self.text = ""
        self.line = 1
        self.advance()

    def advance(self) -> None:
        self.kind, self.text, self.line = next(self._next, ("", "the end", self.line))

    def is_mark(self, mark: str) -> bool:
        return self.kind == "mark" and self.text == mark

    def expect(self, mark: str) -> None:
        if not self.is_mark(mark):
            raise HclSyntaxError(self.line, f"{mark} is missing before {self.text}")
        self.advance()

    @staticmethod
    def _all(text: str) -> Iterator[tuple[str, str, int]]:
        at, line = 0, 1
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise HclSyntaxError(line, f"is not HCL: {text[at : at + 20]!r}")
            if found.lastgroup is not None:
                value = found[found.lastgroup]
                if found.lastgroup == "text":
                    value = _ESCAPE.sub(_unescaped, value)
                yield found.lastgroup, value, line
            line += text.count("\n", at, found.end())
            at = found.end()


def _block(tokens: _Tokens, depth: int) -> Block:
    if depth > _DEEPEST:
        raise HclSyntaxError(tokens.line, f"stands deeper than {_DEEPEST}")
    items = []
    while tokens.kind in ("word", "text"):
        key, line = tokens.text, tokens.line
        tokens.advance()
        labels = []
        while tokens.kind in ("word", "text"):
            labels.append(tokens.text)
            tokens.advance()
        if tokens.is_mark("=") and not labels:
            tokens.advance()
        elif not tokens.is_mark("{"):
            raise HclSyntaxError(tokens.line, f"= or {{ is missing before {tokens.text}")
        items.append(Item(key, tuple(labels), _value(tokens, depth), line))
        if tokens.is_mark(","):
            tokens.advance()
    return Block(tuple(items))


def _value(tokens: _Tokens, depth: int) -> Scalar | list[object] | Block:
    kind, text = tokens.kind, tokens.text
    if tokens.is_mark("{"):
        tokens.advance()
        block = _block(tokens, depth + 1)
        tokens.expect("}")
        return block
    if tokens.is_mark("["):
        tokens.advance()
        values: list[object] = []
        while not tokens.is_mark("]"):
            if depth > _DEEPEST:
                raise HclSyntaxError(tokens.line, f"stands deeper than {_DEEPEST}")
            values.append(_value(tokens, depth + 1))
            if not tokens.is_mark("]"):
                tokens.expect(",")
        tokens.advance()
        return values
    if kind == "number":
        tokens.advance()
        return int(text) if text.lstrip("-").isdigit() else float(text)
    if kind == "text" or (kind == "word" and text in _TRUTHS):
        tokens.advance()
        return text if kind == "text" else _TRUTHS[text]
    raise HclSyntaxError(tokens.line, f"a value is missing before {text}")


def _unescaped(found: re.Match[str]) -> str:
    escape = found[1]
    if len(escape) > 1:
        return chr(int(escape[1:], 16))
    return _ESCAPED.get(escape, escape)
