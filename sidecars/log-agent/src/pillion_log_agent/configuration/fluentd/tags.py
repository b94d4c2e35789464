"""Patterns of `<match>` and `<filter>` as regular expressions. Pure.

Source: "Config File Syntax", "How do the match patterns work?". `*` is one part of a tag, `**` any
number of them, `{a,b}` one of several, `/.../` a regular expression; white space is between others.
"""

from __future__ import annotations

import re

_LETTER = re.compile(r"\*\*|\*|\{|\}|,|.", re.DOTALL)
_PARTS = re.compile(r"(\.\*\*\.|^\*\*\.|\.\*\*$|^\*\*$|\*\*)")


def tags_regex(argument: str) -> str:
    """Return the regular expression of all the patterns of an element.

    Raises:
        ValueError: braces are not closed.
    """
    text = argument.strip() or "**"
    if text.startswith("/") and text.endswith("/") and len(text) > 1:
        return text[1:-1]
    return "^(?:" + "|".join(_one(pattern) for pattern in _patterns(text)) + ")$"


def _patterns(text: str) -> list[str]:
    """Return the patterns that white space stands between; in braces it does not count."""
    found, depth = [""], 0
    for letter in text:
        depth += (letter == "{") - (letter == "}")
        if letter.isspace() and not depth:
            found.append("")
        elif not letter.isspace():
            found[-1] += letter
    if depth:
        raise ValueError(f"has {text!r}, in which braces are not closed")
    return [each for each in found if each]


def _one(pattern: str) -> str:
    found = []
    depth = 0
    for part in _PARTS.split(pattern):
        if part == ".**.":
            found.append(r"\.(?:.*\.)?")
        elif part == "**." and not found[:-1] and not "".join(found):
            found.append(r"(?:.*\.)?")
        elif part == ".**":
            found.append(r"(?:\..*)?")
        elif part == "**":
            found.append(".*")
        else:
            for letter in _LETTER.findall(part):
                depth += (letter == "{") - (letter == "}")
                found.append(_regex(letter, is_inside=depth > 0))
    return "".join(found)


def _regex(letter: str, *, is_inside: bool) -> str:
    if letter == "*":
        return r"[^.]*"
    if letter == "{":
        return "(?:"
    if letter == "}":
        return ")"
    if letter == "," and is_inside:
        return "|"
    return re.escape(letter)
