"""Globs as regular expressions. Pure.

`*` and `?` stay within a name, `[...]` and `[!...]` are sets, `**` is any number of directories.
As in a shell, a name that begins with a dot is only matched by a pattern that begins with one.
"""

from __future__ import annotations

import re

from pillion.errors import ConfigurationError

_MAGIC = re.compile(r"[*?\[]")
_TOKEN = re.compile(r"\*+|\?|\[!?\]?[^\]/]*\]|[^*?\[]+|\[")


def is_glob(pattern: str) -> bool:
    """Return whether the pattern stands for other paths than itself."""
    return _MAGIC.search(pattern) is not None


def check_pattern(pattern: str) -> None:
    """Raise ConfigurationError for a path or glob that cannot be searched for."""
    path_regex(pattern)


def name_regex(pattern: str) -> re.Pattern[str]:
    """Return what matches one name, whole."""
    return _compiled(_name(pattern), pattern)


def path_regex(pattern: str) -> re.Pattern[str]:
    """Return what matches a path, whole; a pattern without a slash is for the last name."""
    if "/" not in pattern:
        return _compiled("(?:.*/)?" + _name(pattern), pattern)
    *directories, last = pattern.split("/")
    parts = ["(?:[^/]+/)*" if part == "**" else _name(part) + "/" for part in directories]
    return _compiled("".join(parts) + ("(?:.*)" if last == "**" else _name(last)), pattern)


def _compiled(source: str, pattern: str) -> re.Pattern[str]:
    if "\0" in pattern:
        raise ConfigurationError(f"invalid path {pattern!r}: it has a NUL byte")
    try:
        return re.compile(source, re.DOTALL)
    except re.error as error:
        raise ConfigurationError(f"invalid pattern {pattern!r}: {error.msg}") from None


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
