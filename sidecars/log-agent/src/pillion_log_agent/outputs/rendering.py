"""Rendering the records of a batch as text, in the forms that stdout and file share. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from pillion_log_agent.pipeline.moments import encoded_column

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.pipeline.batch import Batch

_encode = msgspec.json.Encoder().encode
_decode_lines = msgspec.json.Decoder().decode_lines
DATE_FORMATS = ("double", "epoch", "epoch_ms", "iso8601", "java_sql_timestamp")


@dataclass(frozen=True, slots=True)
class Date:
    """The field that the time of a record becomes.

    Attributes:
        key: its name; empty for none.
        format: one of `DATE_FORMATS`.
    """

    key: str = "date"
    format: str = "double"


def objects(batch: Batch, date: Date) -> list[bytes]:
    """Return each record as the text of one JSON object, the date first."""
    common = batch.common() + b"}"
    bodies = batch.bodies()
    if date.key:
        head = b"{" + _encode(date.key) + b":"
        found = [
            head + time.encode() + b"," + body + common
            for time, body in zip(_DATES[date.format](batch), bodies, strict=True)
        ]
    else:
        found = [b"{" + body + common for body in bodies]
    if b"" not in bodies:
        return found
    # A record without fields leaves a comma with nothing before or after it.
    return [
        each if body else each.replace(b",,", b",").replace(b"{,", b"{").replace(b",}", b"}")
        for each, body in zip(found, bodies, strict=True)
    ]


def lines(batch: Batch, date: Date) -> bytes:
    """Return what `objects` does, a line each, by as few calls as it takes."""
    bodies = batch.bodies()
    if not date.key or b"" in bodies:
        return b"\n".join([*objects(batch, date), b""])
    head = b"{" + _encode(date.key) + b":"
    pieces = [batch.common() + b"}\n" + head] * (3 * len(bodies))
    pieces[0] = head
    pieces[1::3] = encoded_column(_DATES[date.format](batch), ",")
    pieces[2::3] = bodies
    return b"".join(pieces) + batch.common() + b"}\n"


def _quoted(batch: Batch) -> list[str]:
    return [f'"{time}Z"' for time in batch.times.iso(6)]


def _sql(batch: Batch) -> list[str]:
    return [f'"{time.replace("T", " ")}"' for time in batch.times.iso(6)]


_DATES: dict[str, Callable[[Batch], list[str]]] = {
    "double": lambda batch: batch.times.epoch(6),
    "epoch": lambda batch: [time.split(".")[0] for time in batch.times.epoch(3)],
    "epoch_ms": lambda batch: [time.replace(".", "") for time in batch.times.epoch(3)],
    "iso8601": _quoted,
    "java_sql_timestamp": _sql,
}


def arrow_text(batch: Batch) -> bytes:
    """Return records as fluent-bit's stdout prints them, with `=>` between key and value."""
    found = []
    for number, (time, fields) in enumerate(zip(batch.times.epoch(9), decoded(batch), strict=True)):
        found.append(f"[{number}] {batch.tag}: [[{time}, {{}}], {_arrows(fields)}]\n")
    return "".join(found).encode("utf-8", "replace")


def decoded(batch: Batch) -> list[dict[str, Any]]:
    """Return the records of a sealed batch as dictionaries, and leave the batch sealed."""
    found: list[dict[str, Any]] = _decode_lines(lines(batch, Date(key="")))
    return found


def _arrows(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join([f'"{key}"=>{_arrows(each)}' for key, each in value.items()])
        return f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_arrows, value))}]"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, float):
        return f"{value:f}"
    return _encode(value).decode()
