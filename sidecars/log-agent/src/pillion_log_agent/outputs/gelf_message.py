"""Records as messages of Graylog (GELF 1.1). Pure.

Source: Graylog's documentation, "GELF payload specification".
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion_log_agent.patterns.times import SECOND
from pillion_log_agent.records.wire import from_wire, json_of

if TYPE_CHECKING:
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record

_NAME = re.compile(r"[^\w.\-]", re.ASCII)
_LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_OTHER = {"panic": 0, "fatal": 2, "critical": 2, "error": 3, "warn": 4, "trace": 7}
_HIGHEST = 7
DEFAULT_MESSAGE = "-"


@dataclass(frozen=True, slots=True)
class GelfKeys:
    """Which fields have what a message needs."""

    timestamp: str | None = None
    host: str = "host"
    short_message: str = "short_message"
    full_message: str = "full_message"
    level: str = "level"
    tag: str | None = None


def level_of(value: Any) -> int | None:
    """Return the level of syslog that a number or a word says, None when it says none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value <= _HIGHEST else None
    word = str(value).lower()
    if word.isdecimal():
        return level_of(int(word[:3]))
    if word in _LEVELS:
        return _LEVELS.index(word)
    return _OTHER.get(word)


def messages(batch: Batch, keys: GelfKeys) -> list[bytes]:
    """Return a message for each record."""
    own = socket.gethostname()
    return [
        from_wire(json_of(_message(record, time, batch.tag, keys, own)))
        for record, time in zip(batch.decoded(), batch.times.nanoseconds(), strict=True)
    ]


def _message(record: Record, time: int, tag: str, keys: GelfKeys, own: str) -> Record:
    text = record.get(keys.short_message)
    found: Record = {
        "version": "1.1",
        "host": str(record.get(keys.host) or own),
        # An empty message is refused.
        "short_message": str(text) if text not in (None, "") else DEFAULT_MESSAGE,
        "timestamp": _time(record.get(keys.timestamp or ""), time),
    }
    if keys.full_message in record:
        found["full_message"] = str(record[keys.full_message])
    if (level := level_of(record.get(keys.level))) is not None:
        found["level"] = level
    if keys.tag is not None:
        found[f"_{keys.tag}"] = tag
    used = {keys.short_message, keys.host, keys.full_message, keys.timestamp}
    if level is not None:
        used.add(keys.level)
    for name, value in _flat(record, "", used):
        # `_id` is not allowed.
        found["__id" if name == "id" else f"_{_NAME.sub('_', name)}"] = value
    return found


def _flat(record: Record, prefix: str, used: set[str | None]) -> list[tuple[str, Any]]:
    """Return the fields below each other as `outer_inner`; a value is a number or text."""
    pairs: list[tuple[str, Any]] = []
    for key, value in record.items():
        if key in used:
            continue
        if isinstance(value, dict):
            pairs += _flat(value, f"{prefix}{key}_", set())
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            pairs.append((prefix + key, value))
        elif value is not None:
            text = value if isinstance(value, str) else from_wire(json_of(value)).decode()
            pairs.append((prefix + key, text))
    return pairs


def _time(value: Any, time: int) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number else time / SECOND
