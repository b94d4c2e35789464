"""The names that rotation gives to files. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_DATED = r"[0-9][0-9TZ:._+-]*"
_SUFFIX = re.compile(rf"[._-]_?(?:{_DATED}|old|bak|prev|save|rotated)", re.ASCII | re.IGNORECASE)
_SEPARATOR = re.compile(r"[._-]")
_CURRENT = "current"
_OF_CURRENT = re.compile(r"@[0-9a-f]{24}\.[stu]|previous", re.ASCII)
"""What multilog, s6-log and svlogd make of `current`: a TAI64N time and a state."""
_COMPRESSED = re.compile(r"(.+)\.(?:gz|bz2|xz|zst|lz4|Z)", re.DOTALL)


def is_old_name(name: str, current: str) -> bool:
    """Return whether `name` is what rotation makes of `current`.

    `app.log` becomes `app.log.1`, `app.log-20240131`, `app.log.2024-01-31_10`, `app.log.old`, or,
    before its extension, `app-20240131.log`, `app__2024-01-31.log` and `app.1.log`; `current`
    becomes `@400000006a24c1d81f2e3a4c.s`.
    """
    if name == current:
        return False
    if current == _CURRENT and _OF_CURRENT.fullmatch(name):
        return True
    if name.startswith(current):
        return _SUFFIX.fullmatch(name, len(current)) is not None
    stem, dot, extension = current.rpartition(".")
    if not dot or not stem or not name.startswith(stem):
        return False
    end = len(name) - len(extension) - 1
    return name.endswith(dot + extension) and bool(_SUFFIX.fullmatch(name, len(stem), end))


def original_names(name: str) -> Iterator[str]:
    """Yield the names that rotation may have made `name` of, the shortest first.

    What `is_old_name` asks, the other way round.
    """
    if _OF_CURRENT.fullmatch(name):
        yield _CURRENT
    stem, dot, extension = name.rpartition(".")
    for place in _SEPARATOR.finditer(name):
        begin = place.start()
        if begin and _SUFFIX.fullmatch(name, begin):
            yield name[:begin]
        if begin and dot and begin < len(stem) and _SUFFIX.fullmatch(stem, begin):
            yield f"{name[:begin]}.{extension}"


def is_compressed_name(name: str, current: str) -> bool:
    """Return whether `name` is an old one of `current`, compressed."""
    match = _COMPRESSED.fullmatch(name)
    return match is not None and is_old_name(match[1], current)
