"""Types of fields: `types code:integer size:integer`. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pillion.settings import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pillion_log_agent.parsers.parsed import Fields

_LONGEST = 400
_WHOLE = re.compile(r"\s*([-+]?[0-9]+)", re.ASCII)
_REAL = re.compile(r"\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)", re.ASCII)
_HEX = re.compile(r"\s*(?:0[xX])?([0-9a-fA-F]+)", re.ASCII)


def _bool(text: str) -> bool:
    word = text.lower()
    if word.startswith(("true", "false")):
        return word.startswith("true")
    raise ValueError("is neither true nor false")


# Numbers are those that the text begins with, as the C library reads them; else 0.
_CASTS: dict[str, Callable[[str], Any]] = {
    "integer": lambda text: int(found[1]) if (found := _WHOLE.match(text)) else 0,
    "float": lambda text: float(found[1]) if (found := _REAL.match(text)) else 0.0,
    "hex": lambda text: int(found[1], 16) if (found := _HEX.match(text)) else 0,
    "bool": _bool,
    "string": str,
}


def _types(text: str) -> tuple[tuple[str, str], ...]:
    found = []
    for word in text.split():
        name, colon, kind = word.rpartition(":")
        if not colon or kind.lower() not in _CASTS:
            raise ValueError(f"has {word!r}; write name:type with one of {', '.join(_CASTS)}")
        found.append((name, kind.lower()))
    return tuple(found)


TYPES: Kind[tuple[tuple[str, str], ...]] = Kind("NAME:TYPE...", _types)


def cast_fields(fields: Fields, casts: Mapping[str, str]) -> None:
    """Give the fields their types in place; what does not fit its type stays text."""
    for name, kind in casts.items():
        value = fields.get(name)
        if isinstance(value, str):
            fields[name] = cast_text(value, kind)


def cast_text(text: str, kind: str) -> Any:
    """Return a text as its type; what does not fit stays text."""
    if len(text) > _LONGEST:
        return text
    try:
        return _CASTS[kind](text)
    except (ValueError, OverflowError):
        return text
