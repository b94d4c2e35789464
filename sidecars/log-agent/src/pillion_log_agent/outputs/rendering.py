"""Rendering the records of a batch as text, in the forms that stdout and file share. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion_log_agent.records.batch import Batch

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


def objects(batch: Batch, date: Date) -> list[str]:
    """Return each record as the text of one JSON object, the date first."""
    bodies, end = batch.bodies(), batch.common() + "}"
    if not date.key:
        return ["{" + (body + end if body else end.removeprefix(",")) for body in bodies]
    head = f"{{{quoted(date.key)}:"
    times = _DATES[date.format](batch)
    return [
        f"{head}{time}{body}{end}" for time, body in zip(times, with_commas(bodies), strict=True)
    ]


def lines(batch: Batch, date: Date) -> bytes:
    """Return what `objects` does, a line each, by as few calls as it takes."""
    quote, middles = batch.cut()
    if not quote and "" in middles:
        return "\n".join([*objects(batch, date), ""]).encode()
    end = quote + batch.common() + "}\n"
    if not date.key:
        return interleaved("{" + quote, middles, end).encode()
    times = _DATES[date.format](batch)
    return interleaved(f"{{{quoted(date.key)}:", times, "," + quote, middles, end).encode()


def with_commas(bodies: Sequence[str]) -> list[str]:
    """Return bodies that go on after another field; a record without fields has none."""
    return [body and f",{body}" for body in bodies]


def interleaved(*columns: str | Sequence[str]) -> str:
    """Return what the columns say row by row, in one call; a `str` says the same in each row.

    The first and the last column are `str`, and some other is none.
    """
    # A piece costs 8 ns: what ends a row and what begins the next are one.
    last = str(columns[-1])
    row = [last + str(columns[0])]
    lists: dict[int, Sequence[str]] = {}
    for column in columns[1:-1]:
        if not isinstance(column, str):
            lists[len(row)] = column
            row.append("")
        elif len(row) - 1 in lists:
            row.append(column)
        else:
            row[-1] += column
    pieces = row * len(next(iter(lists.values())))
    for number, column in lists.items():
        pieces[number :: len(row)] = column
    if not pieces:
        return ""
    pieces[0] = pieces[0].removeprefix(last)
    pieces.append(last)
    return "".join(pieces)


def quoted(key: str) -> str:
    """Return the text of a JSON string."""
    return _encode(key).decode()


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
    for number, (time, fields) in enumerate(zip(batch.times.epoch(9), decoded(batch), strict=True)):
        found.append(f"[{number}] {batch.tag}: [[{time}, {{}}], {arrows(fields)}]\n")
    return "".join(found).encode("utf-8", "replace")


def decoded(batch: Batch) -> list[dict[str, Any]]:
    """Return the records of a sealed batch as dictionaries, and leave the batch sealed."""
    found: list[dict[str, Any]] = _decode_lines(lines(batch, Date(key="")))
    return found


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
