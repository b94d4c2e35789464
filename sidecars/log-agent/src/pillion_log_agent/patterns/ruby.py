r"""Ruby's regular expressions, as fluent-bit and fluentd take them, as Python's. Pure.

What differs and is translated: named groups `(?<name>...)` and their references `\k<name>`,
`\h` (a hexadecimal digit), `\A \z \Z`, POSIX classes `[[:alpha:]]`, `\p{...}` of the same
names, classes in classes and their intersection, the options `(?m)` (dot
matches newline), `^` and `$` (always at every line), `\R`. Atomic groups and possessive
quantifiers are Python's own since 3.11. What has no counterpart (`\g<name>` calls, `\G`, `\K`,
`\X`, absent operators, callouts) is refused.

Source: the syntax of Onigmo, doc/RE; Python's `re`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pillion_log_agent.patterns.pattern import Pattern, make_pattern, make_proven

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HEXADECIMAL = "0-9a-fA-F"
# Members of a class. Ruby's \d \s \w are ASCII, its POSIX classes are not.
_MEMBERS = {
    "d": "0-9",
    "D": "\\x00-/:-\\U0010ffff",
    "s": "\\t-\\r ",
    "S": "\\x00-\\x08\\x0e-\\x1f!-\\U0010ffff",
    "w": "a-zA-Z0-9_",
    "W": "\\x00-/:-@\\[-\\^`{-\\U0010ffff",
    "h": _HEXADECIMAL,
    "H": "\\x00-/:-@G-`g-\\U0010ffff",
    "e": "\\x1b",
}
# One character each, as an expression.
_POSIX = {
    "alnum": r"[^\W_]",
    "alpha": r"[^\W\d_]",
    "ascii": r"[\x00-\x7f]",
    "blank": r"[ \t]",
    "cntrl": r"[\x00-\x1f\x7f-\x9f]",
    "digit": r"\d",
    "graph": r"[^\s\x00-\x1f\x7f-\x9f]",
    "lower": r"(?-i:(?=[^\W\d_])[a-z\xdf-\xff])",
    "print": r"[^\x00-\x1f\x7f-\x9f]",
    "punct": r"[!-/:-@\[-`{-~]",
    "space": r"\s",
    "upper": r"(?-i:[A-Z\xc0-\xd6\xd8-\xde])",
    "xdigit": f"[{_HEXADECIMAL}]",
    "word": r"\w",
}
_POSIX_CLASS = re.compile(r"\[:(\^?)([a-z]+):\]")
_PROPERTY = re.compile(r"\{(\^?)([A-Za-z]+)\}")
_GROUP_NAME = re.compile(r"<([^>!=]+)>")
_REFERENCE = re.compile(r"[<']([^>']+)[>']")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_GROUP = "_group_"
_OPTIONS = re.compile(r"\(\?([imx]*)(?:-([imx]*))?([:)])")
_SAME = set("bBAtnrfav0123456789xu")
_LONGEST = 16 * 1024


@lru_cache(maxsize=256)
def translate(source: str) -> Pattern:
    """Return the pattern of Ruby's `source`, which may stand between slashes.

    Raises:
        ValueError: it is no pattern, or has something that Python cannot do.
    """
    return _translated(source, make_pattern)


@lru_cache(maxsize=256)
def translate_proven(source: str) -> Pattern:
    """Return a pattern of ours, of which a test has shown that it is linear on every line."""
    return _translated(source, make_proven)


def _translated(
    source: str, make: Callable[[str, str, int, Mapping[str, str]], Pattern]
) -> Pattern:
    if len(source) > _LONGEST:
        raise ValueError("is longer than 16 KiB")
    text, flags = _without_slashes(source)
    translator = _Translator(text)
    translated = translator.run()
    try:
        return make(source, translated, flags | re.MULTILINE, translator.names)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"is no pattern: {error}") from None


def _without_slashes(source: str) -> tuple[str, re.RegexFlag]:
    """Return the pattern and its flags of `/pattern/im`, or of a bare pattern."""
    flags = re.NOFLAG
    match = re.fullmatch(r"/(.*)/([imxo]*)", source, re.DOTALL)
    if not match:
        return source, flags
    for letter in match[2]:
        flags |= {"i": re.IGNORECASE, "m": re.DOTALL, "x": re.VERBOSE, "o": re.NOFLAG}[letter]
    return match[1], flags


class _Translator:
    """One pass over a pattern."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._out: list[str] = []
        self.names: dict[str, str] = {}
        self._by_name: dict[str, str] = {}

    def run(self) -> str:
        text = self._text
        while self._at < len(text):
            letter = text[self._at]
            if letter == "\\":
                self._escape()
            elif letter == "[":
                self._out.append(self._class())
            elif letter == "(" and text.startswith("(?", self._at):
                self._group()
            else:
                self._emit(letter, 1)
        return "".join(self._out)

    def _emit(self, text: str, length: int) -> None:
        self._out.append(text)
        self._at += length

    def _group(self) -> None:
        text, at = self._text, self._at
        if name := _GROUP_NAME.match(text, at + 2):
            is_ours = _IDENTIFIER.fullmatch(name[1]) and name[1] not in self.names
            ours = name[1] if is_ours else f"{_GROUP}{len(self.names)}"
            self.names[ours] = name[1]
            self._by_name[name[1]] = ours
            self._emit(f"(?P<{ours}>", 2 + len(name[0]))
        elif options := _OPTIONS.match(text, at):
            self._options(options)
        elif text[at + 2 : at + 3] in ("~", "{", "@"):
            raise ValueError(f"has {text[at : at + 3]!r}, which has no counterpart here")
        else:
            self._emit("(?", 2)

    def _options(self, options: re.Match[str]) -> None:
        on, off, end = options[1], options[2] or "", options[3]
        if not on and not off:
            self._emit(options[0], len(options[0]))
            return
        # Ruby's m is Python's s; without a colon they hold to the end of the group.
        ours = on.replace("m", "s") + (f"-{off.replace('m', 's')}" if off else "")
        if end == ":":
            self._emit(f"(?{ours}:", len(options[0]))
            return
        if self._out:
            raise ValueError(f"has {options[0]!r} inside; put it around its part: (?{on}:...)")
        self._emit(f"(?{on.replace('m', 's')})" if on else "", len(options[0]))

    def _escape(self) -> None:
        text, at = self._text, self._at
        letter = text[at + 1 : at + 2]
        if not letter:
            raise ValueError("is no pattern: it ends in a backslash")
        if letter == "k" and (reference := _REFERENCE.match(text, at + 2)):
            name = reference[1]
            ours = self._by_name.get(name)
            if ours is None and not name.isdigit():
                raise ValueError(f"is no pattern: it refers to {name!r}, which is no group before")
            self._emit(f"(?P={ours})" if ours else f"(?:\\{name})", 2 + len(reference[0]))
        elif letter in "pP" and (found := _PROPERTY.match(text, at + 2)):
            self._emit(_property(found, negated=letter == "P"), 2 + len(found[0]))
        elif letter in _MEMBERS:
            # A class that takes nearly all characters is costly to compile, its opposite is not.
            opposite = _MEMBERS.get(letter.lower()) if letter.isupper() else None
            self._emit(f"[^{opposite}]" if opposite else f"[{_MEMBERS[letter]}]", 2)
        elif letter in _OUTSIDE:
            self._emit(_OUTSIDE[letter], 2)
        elif letter.isalnum() and letter not in _SAME:
            raise ValueError(f"has \\{letter}, which has no counterpart here")
        else:
            self._emit(text[at : at + 2], 2)

    def _class(self) -> str:
        """Return the class that begins here as an expression for one character.

        Python has neither classes in classes nor their intersection: what is not a plain
        member becomes an alternative, or a look ahead.
        """
        text = self._text
        self._at += 1
        negated = text.startswith("^", self._at)
        self._at += negated
        plain: list[str] = []
        others: list[str] = []
        if text.startswith("]", self._at):
            plain.append(r"\]")
            self._at += 1
        while self._at < len(text) and text[self._at] != "]":
            if text.startswith("&&", self._at):
                self._at += 1
                left, right = _either(plain, others), self._class_after_and()
                return _one_character(f"(?={left}){right}", negated=negated)
            self._member(plain, others)
        if self._at >= len(text):
            raise ValueError("is no pattern: a [ is not closed")
        self._at += 1
        if not others:
            return f"[{'^' if negated else ''}{''.join(plain)}]"
        return _one_character(_either(plain, others), negated=negated)

    def _class_after_and(self) -> str:
        """Return what follows `&&`, up to the end of the class, as a class of its own."""
        if self._text.startswith("^", self._at + 1):
            raise ValueError("has &&^, which has no counterpart here; write &&[^...]")
        return self._class()

    def _member(self, plain: list[str], others: list[str]) -> None:
        text, at = self._text, self._at
        if posix := _POSIX_CLASS.match(text, at):
            self._at = posix.end()
            others.append(_named(posix[2], posix[0], negated=bool(posix[1])))
        elif text[at] == "[":
            others.append(self._class())
        elif text[at] != "\\":
            self._at += 1
            # Doubled, these will mean something to a later Python, and it warns of them.
            plain.append(f"\\{text[at]}" if text[at] in "&|~" else text[at])
        else:
            self._escaped_member(plain, others)

    def _escaped_member(self, plain: list[str], others: list[str]) -> None:
        text, at = self._text, self._at
        self._at += 2
        letter = text[at + 1 : at + 2]
        if letter in _MEMBERS:
            plain.append(_MEMBERS[letter])
        elif letter and letter in "pP" and (found := _PROPERTY.match(text, self._at)):
            self._at = found.end()
            others.append(_property(found, negated=letter == "P"))
        elif not letter.isalnum():
            plain.append(f"\\{letter}")
        elif letter in _SAME - {"A", "B"}:
            plain.append(text[at : at + 2])
        else:
            raise ValueError(f"has \\{letter} in a class, which has no counterpart here")


_OUTSIDE = {
    "z": r"\Z",
    "Z": r"(?=\n?\Z)",
    "R": r"(?>\r\n|[\n-\r\x85\u2028\u2029])",
}


def _either(plain: list[str], others: list[str]) -> str:
    """Return an expression for a character that is one of these."""
    alternatives = [f"[{''.join(plain)}]", *others] if plain else others
    return "(?:" + "|".join(alternatives or [r"(?!)"]) + ")"


def _one_character(expression: str, *, negated: bool) -> str:
    return rf"(?:(?!{expression})[\x00-\U0010ffff])" if negated else f"(?:{expression})"


def _property(found: re.Match[str], *, negated: bool) -> str:
    return _named(found[2].lower(), f"\\p{found[0]}", negated=negated ^ bool(found[1]))


def _named(name: str, shown: str, *, negated: bool) -> str:
    if name not in _POSIX:
        raise ValueError(f"has {shown}, which has no counterpart here")
    return _one_character(_POSIX[name], negated=True) if negated else _POSIX[name]
