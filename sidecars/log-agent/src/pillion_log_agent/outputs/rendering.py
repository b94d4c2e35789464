"""Rendering the records of a batch as text, in the forms that stdout and file share. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from pillion_log_agent.records.wire import Wire, from_wire, interleaved, json_of, split_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.records.batch import Batch

_encode = msgspec.json.Encoder().encode
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


def objects(batch: Batch, date: Date) -> list[Wire]:
    """Return each record as the wire text of one JSON object, the date first."""
    return split_rows(_lines(batch, date)[:-1]) if len(batch) else []


def lines(batch: Batch, date: Date) -> bytes:
    """Return what `objects` does, a line each."""
    return from_wire(_lines(batch, date))


def _lines(batch: Batch, date: Date) -> Wire:
    if not date.key:
        return interleaved("{", batch.rows(), "}\n")
    times = _DATES[date.format](batch)
    return interleaved(f"{{{json_of(date.key)}:", times, batch.rows(","), "}\n")


def _quoted(batch: Batch) -> list[str]:
    return [f'"{time}Z"' for time in batch.times.iso(6)]


def _sql(batch: Batch) -> list[str]:
    return [f'"{time.replace("T", " ")}"' for time in batch.times.iso(6)]


_DATES: dict[str, Callable[[Batch], list[str]]] = {
    "double": lambda batch: [repr(round(float(time), 6)) for time in batch.times.epoch(9)],
    "epoch": lambda batch: [time.split(".")[0] for time in batch.times.epoch(3)],
    "epoch_ms": lambda batch: [time.replace(".", "") for time in batch.times.epoch(3)],
    "iso8601": _quoted,
    "java_sql_timestamp": _sql,
}


def arrow_text(batch: Batch) -> bytes:
    """Return records as fluent-bit's stdout prints them, with `=>` between key and value."""
    found = []
    rows = zip(batch.times.epoch(9), batch.decoded(), strict=True)
    for number, (time, fields) in enumerate(rows):
        found.append(f"[{number}] {batch.tag}: [[{time}, {{}}], {arrows(fields)}]\n")
    return "".join(found).encode("utf-8", "replace")


def arrows(value: Any) -> str:
    """Return a value as fluent-bit prints it."""
    if value is None:
        return "nil"
    if isinstance(value, dict):
        inside = ", ".join([f'"{key}"=>{arrows(each)}' for key, each in value.items()])
        return f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(arrows, value))}]"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, float):
        return f"{value:f}"
    return _encode(value).decode()
