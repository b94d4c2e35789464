"""An entry of the journal as a record. Pure.

Source: fluent-bit's manual, "Systemd", and systemd.journal-fields(7); the form of a cursor is that
of systemd's journal, whose `s` and `i` are the sequence and the number in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

UNKNOWN = "unknown"
_UNIT = b"_SYSTEMD_UNIT="
_PLACE = re.compile(r"s=([0-9a-f]+);i=([0-9a-f]+)(?:;|$)")


def record_of(
    fields: Iterable[bytes], *, most: int, strips: bool, lowers: bool
) -> tuple[dict[str, Any], str | None]:
    """Return the record of an entry, and its unit.

    Args:
        fields: `NAME=value`, of which a value may be any bytes.
        most: so many fields at most.
        strips: the underscore that a trusted field begins with is left out.
        lowers: names are in small letters.
    """
    record: dict[str, Any] = {}
    unit: str | None = None
    for number, field in enumerate(fields):
        if unit is None and field.startswith(_UNIT):
            unit = field[len(_UNIT) :].decode("utf-8", "replace")
        if number >= most:
            continue
        raw_name, separator, raw = field.partition(b"=")
        if not separator:
            continue
        name = raw_name.decode("utf-8", "replace")
        if strips:
            name = name.removeprefix("_")
        if lowers:
            name = name.lower()
        value = raw.decode("utf-8", "replace")
        if name not in record:
            record[name] = value
        elif isinstance(record[name], list):
            record[name].append(value)
        else:
            record[name] = [record[name], value]
    return record, unit


def place_of(cursor: str) -> tuple[str, int]:
    """Return the sequence that an entry is of and its number there, which no other has."""
    match = _PLACE.match(cursor)
    return (match[1], int(match[2], 16)) if match is not None else (cursor, 0)


def tag_of(tag: str, unit: str | None) -> str:
    """Return the tag of an entry: the first `*` is its unit."""
    return tag.replace("*", unit or UNKNOWN, 1)
