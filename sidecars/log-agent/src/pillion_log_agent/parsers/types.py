"""Types of fields: `types code:integer size:integer`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pillion.settings import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pillion_log_agent.parsers.parsed import Fields

_TRUE = ("true", "1", "yes", "on")
_LONGEST = 400
_CASTS: dict[str, Callable[[str], Any]] = {
    "integer": lambda text: int(float(text)) if "." in text else int(text),
    "float": float,
    "hex": lambda text: int(text, 16),
    "bool": lambda text: text.lower() in _TRUE,
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
        if isinstance(value, str) and len(value) <= _LONGEST:
            try:
                fields[name] = _CASTS[kind](value)
            except (ValueError, OverflowError):
                continue
