"""Record accessors: `log`, `$log`, `$kubernetes['labels']['app']`, `$list[0]`. Pure.

Source: "Record accessor" of fluent-bit's manual.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pillion_log_agent.pipeline.batch import Record

_ACCESSOR = re.compile(r"\$([^\[\]'\s]+)((?:\['[^']*'\]|\[\d+\])*)")
_PART = re.compile(r"\['([^']*)'\]|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Accessor:
    """Where in a record a value is.

    Attributes:
        source: as it was written.
        path: keys of mappings, and numbers of list items.
    """

    source: str
    path: tuple[str | int, ...]

    def find(self, record: Record) -> Any:
        """Return the value, None when it is not there."""
        value: Any = record
        for part in self.path:
            if isinstance(value, dict):
                value = value.get(part)
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                value = value[part]
            else:
                return None
        return value


def parse_accessor(text: str) -> Accessor:
    """Return the accessor of a key, or of `$key['inner']`; raises ValueError."""
    if not text.startswith("$"):
        return Accessor(text, (text,))
    match = _ACCESSOR.fullmatch(text)
    if not match:
        raise ValueError(f"has {text!r}, which is no field; write name or $name['inner']")
    parts: list[str | int] = [match[1]]
    for name, number in _PART.findall(match[2]):
        parts.append(int(number) if number else name)
    return Accessor(text, tuple(parts))
