"""The text of an nginx configuration as directives. Pure.

After nginx' `ngx_conf_file.c`: words end at white space, `;` or `{`; a quoted word ends at its
quote; a backslash keeps the next quote, white space or `;` from ending a word; `${name}` is a part
of its word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST = 32
_TOKEN = re.compile(
    r"""\s+|\#[^\n]*
    |(?P<mark>[;{}])
    |"(?P<double>(?:[^"\\]|\\.)*)"
    |'(?P<single>(?:[^'\\]|\\.)*)'
    |(?P<word>(?!["'])(?:\$\{[^}\s]{0,64}\}|\\.|[^\s;{\\])+)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"t": "\t", "r": "\r", "n": "\n"}
_KEPT = "\"' ;\\{}"
_CODE = "_by_lua_block"


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive.

    Attributes:
        name: its first word.
        arguments: the others, without quotes.
        line: where it begins, from 1.
        block: what stands in its braces; None where it has none.
    """

    name: str
    arguments: tuple[str, ...]
    line: int
    block: tuple[Directive, ...] | None = None


class NginxSyntaxError(ValueError):
    """What is wrong with the text, and in which line."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}")


def parse_directives(text: str) -> tuple[Directive, ...]:
    """Return the directives of a file.

    Raises:
        NginxSyntaxError: a brace or a quote is not closed, or the blocks stand too deep.
    """
    return tuple(_block(_Tokens(text), 0))


class _Tokens:
    """The words and marks of a text, one after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted = 0
        self.line = 1

    def __iter__(self) -> Iterator[tuple[bool, str]]:
        """Yield whether it is a mark, and the text."""
        while self._at < len(self._text):
            found = _TOKEN.match(self._text, self._at)
            if found is None:
                raise NginxSyntaxError(self._count(), "a quote or an escape has no end")
            self._count()
            self._at = found.end()
            kind = found.lastgroup
            if kind is not None:
                yield kind == "mark", found[kind] if kind == "mark" else _unescaped(found[kind])

    def skip_code(self) -> None:
        """Go past the brace that closes the one just read."""
        depth = 1
        for found in re.compile(r"[{}]").finditer(self._text, self._at):
            depth += 1 if found[0] == "{" else -1
            if not depth:
                self._at = found.end()
                return
        raise NginxSyntaxError(self.line, "a { has no }")

    def _count(self) -> int:
        self.line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self.line


def _block(tokens: _Tokens, depth: int) -> Iterator[Directive]:
    if depth > _DEEPEST:
        raise NginxSyntaxError(tokens.line, f"the blocks stand deeper than {_DEEPEST}")
    words: list[str] = []
    begin = 0
    for is_mark, word in tokens:
        if not is_mark:
            begin = begin if words else tokens.line
            words.append(word)
            continue
        if (word == "{" and not words) or (word == "}" and (words or not depth)):
            raise NginxSyntaxError(tokens.line, f"unexpected {word}")
        if word == "}":
            return
        if words:
            inside = _inside(tokens, words[0], depth) if word == "{" else None
            yield Directive(words[0], tuple(words[1:]), begin, inside)
        words = []
    if words or depth:
        what = f"{words[0]} has no ;" if words else "a { has no }"
        raise NginxSyntaxError(begin if words else tokens.line, what)


def _inside(tokens: _Tokens, name: str, depth: int) -> tuple[Directive, ...]:
    if name.endswith(_CODE):
        tokens.skip_code()
        return ()
    return tuple(_block(tokens, depth + 1))


def _unescaped(word: str) -> str:
    if "\\" not in word:
        return word
    return _ESCAPE.sub(
        lambda found: _ESCAPED.get(found[1], found[1] if found[1] in _KEPT else found[0]), word
    )
