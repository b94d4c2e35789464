"""Globs as regular expressions. Pure.

`*` and `?` stay within a name, `[...]` and `[!...]` are sets, `**` is any number of directories.
As in a shell, a name that begins with a dot is only matched by a pattern that begins with one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAGIC = re.compile(r"[*?\[]")
_TOKEN = re.compile(r"\*+|\?|\[!?\]?[^\]/]*\]|[^*?\[]+|\[")


def is_glob(pattern: str) -> bool:
    """Return whether the pattern stands for other paths than itself."""
    return _MAGIC.search(pattern) is not None


def check_globs(patterns: Iterable[str]) -> None:
    """Raise ConfigurationError for a pattern that is no glob; whether a file is there or not."""
    for pattern in patterns:
        path_regex(pattern)


def name_regex(pattern: str) -> re.Pattern[str]:
    """Return what matches one name, whole; raise ConfigurationError for what is no glob."""
    return _compiled(_name(pattern), pattern)


def path_regex(pattern: str) -> re.Pattern[str]:
    """Return what matches a path, whole; a pattern without a slash is for the last name."""
    if "/" not in pattern:
        return _compiled("(?:.*/)?" + _name(pattern), pattern)
    *directories, last = pattern.split("/")
    parts = ["(?:[^/]+/)*" if part == "**" else _name(part) + "/" for part in directories]
    return _compiled("".join(parts) + ("(?:.*)" if last == "**" else _name(last)), pattern)


def _compiled(expression: str, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(expression, re.DOTALL)
    except re.error as error:
        raise ConfigurationError(
            f"invalid glob {pattern!r}: {error.msg}; a set is [a-z], [!a-z] or a list of characters"
        ) from None


def _name(pattern: str) -> str:
    parts = [_token(token) for token in _TOKEN.findall(pattern)]
    is_open = bool(parts) and _MAGIC.match(pattern) is not None
    return (r"(?!\.)" if is_open else "") + "".join(parts)


def _token(token: str) -> str:
    if token.startswith("*"):
        return "[^/]*"
    if token == "?":  # noqa: S105  # no secret
        return "[^/]"
    if token.startswith("[") and len(token) > 1:
        inner = token[1:-1]
        negated = inner.startswith("!")
        members = re.sub(r"([\\\]\[^&~|])", r"\\\1", inner.removeprefix("!"))
        return f"[{'^/' if negated else ''}{members}]"
    return re.escape(token)
