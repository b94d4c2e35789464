"""JSON as it comes: objects one behind the other, over several lines, or with their times. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

_decode = json.JSONDecoder(strict=False).raw_decode
_SPACE = " \t\r\n"
_PAIR = 2
_SECOND = 1_000_000_000


@dataclass(slots=True)
class Stream:
    """What was read of a text.

    Attributes:
        records: in order.
        times: of each; nanoseconds.
        offsets: where each begins, in characters.
        end: up to where the text was read; what is behind may be the beginning of an object.
    """

    records: list[dict[str, Any]] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    end: int = 0


def read_stream(text: str, key: str, now: int, *, is_last: bool) -> Stream:
    """Read objects, `[seconds, object]`, and lines of anything else.

    Args:
        text: one character for each byte.
        key: the field of a line that is none of the two.
        now: nanoseconds, for what says no time.
        is_last: nothing more will come; an object that is not whole is a line.
    """
    stream, at = Stream(), 0
    while True:
        while at < len(text) and text[at] in _SPACE:
            at += 1
        stream.end = at
        if at == len(text):
            return stream
        value, after, is_cut = _value(text, at)
        if is_cut and not is_last:
            return stream
        record, time = _record(value)
        if record is None:
            line = text.find("\n", at)
            if line < 0 and not is_last:
                return stream
            after = len(text) if line < 0 else line
            record = {key: _text(text[at:after].rstrip("\r"))}
        stream.records.append(record)
        stream.times.append(now if time is None else time)
        stream.offsets.append(at)
        at = after


def _value(text: str, at: int) -> tuple[Any, int, bool]:
    """Return the value that begins there, where it ends, and whether it may go on."""
    if text[at] not in "{[":
        return None, at, False
    try:
        after = _decode(text, at)[1]
    except json.JSONDecodeError as error:
        return None, at, error.pos >= len(text.rstrip(_SPACE)) or "Unterminated" in error.msg
    except RecursionError:
        return None, at, False
    # Beyond ASCII there is one character for each byte until here.
    return json.loads(_text(text[at:after]), strict=False), after, False


def _record(value: Any) -> tuple[dict[str, Any] | None, int | None]:
    if isinstance(value, dict):
        return value, None
    if isinstance(value, list) and len(value) == _PAIR and isinstance(value[1], dict):
        seconds = value[0][0] if isinstance(value[0], list) and value[0] else value[0]
        if isinstance(seconds, (int, float)) and not isinstance(seconds, bool):
            return value[1], round(seconds * _SECOND)
    return None, None


def _text(raw: str) -> str:
    return raw.encode("latin-1").decode("utf-8", "replace")
