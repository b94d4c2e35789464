"""Reads lines that are JSON objects, whatever the order of their keys. Pure."""

from __future__ import annotations

from contextlib import suppress
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from pillion_nginx_exporter.access_log.columns import (
    IDS,
    METHOD,
    PATHS,
    RESPONSE_SIZE,
    SIZES,
    STATUS,
    TIME,
    TIMES,
    TRACE,
    VARIABLES,
)
from pillion_nginx_exporter.access_log.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_nginx_exporter.access_log.fields import Value
    from pillion_nginx_exporter.access_log.label_rules import LabelRule
    from pillion_nginx_exporter.access_log.totals import Totals

_USUAL: dict[str, tuple[str, ...]] = {
    METHOD: ("method",),
    RESPONSE_SIZE: ("bytes",),
    TIME: ("response_time", "duration"),
    TRACE: ("trace_id",),
}
"""Keys beside the names of nginx' variables."""

_FIELD = str | int | float | None


class JsonReader:
    """Counts objects that have a status, by keys named as nginx' variables, or as is usual."""

    __slots__ = ("_array", "_decoder", "_keys", "_tally")

    def __init__(self, rules: Sequence[LabelRule], totals: Totals) -> None:
        """Take the labels, and what is counted into."""
        wanted = dict.fromkeys(
            (STATUS, METHOD, *SIZES, *TIMES, *IDS, *(rule.column for rule in rules))
        )
        self._keys = {
            column: (*VARIABLES.get(column, (column,)), *_USUAL.get(column, ()))
            for column in wanted
        }
        names = {*PATHS, *(key for keys in self._keys.values() for key in keys)}
        kind = msgspec.defstruct("Line", [(name, _FIELD, None) for name in sorted(names)], gc=False)
        self._decoder = msgspec.json.Decoder(kind)
        self._array = msgspec.json.Decoder(list[kind | None])  # type: ignore[valid-type]
        self._tally = Tally(tuple(self._keys), rules, totals)

    def read(self, block: bytes) -> bytes:
        """Count what fits of whole lines; return the lines that do not."""
        # As one array with a null at the end of each line: no object can go over it.
        array = b"[%b]" % block[:-1].replace(b"\n", b",null,")
        with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            found = self._array.decode(array)
            ends = found[1::2]
            lines = found[::2]
            if ends.count(None) == len(ends) == len(lines) - 1 and None not in lines:
                columns = self._columns(lines)
                if None not in columns.get(STATUS, (None,)):
                    self._tally.add(columns)
                    return b""
        return self._read_each(block)

    def read_thoroughly(self, block: bytes) -> bytes:
        """Return the lines: all that fit are counted at once."""
        return block

    def requests(self, block: bytes) -> list[tuple[Value, Value]]:
        """Return the request line or URI of lines that fit, each with its time."""
        found: list[Any] = []
        for line in block.split(b"\n"):
            with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                found.append(self._decoder.decode(line))
        times = self._column(TIME, found)
        requests = [one.request or one.request_uri or one.uri for one in found]
        return [pair for pair in zip(requests, times, strict=True) if None not in pair]

    def _read_each(self, block: bytes) -> bytes:
        found: list[Any] = []
        read: list[bytes] = []
        unfit: list[bytes] = []
        for line in block[:-1].split(b"\n"):
            try:
                found.append(self._decoder.decode(line))
                read.append(line)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                unfit.append(line)
        statuses = self._column(STATUS, found)
        if None in statuses:
            unfit += [line for line, one in zip(read, statuses, strict=True) if one is None]
            found = [one for one, has in zip(found, statuses, strict=True) if has is not None]
        if found:
            self._tally.add(self._columns(found))
        return b"".join([line + b"\n" for line in unfit])

    def _columns(self, found: Sequence[Any]) -> dict[str, list[Value]]:
        """Return the columns that any of the objects has."""
        columns = {column: self._column(column, found) for column in self._keys}
        return {
            column: fields
            for column, fields in columns.items()
            if fields[0] is not None or fields.count(None) < len(fields)
        }

    def _column(self, column: str, found: Sequence[Any]) -> list[Value]:
        """Return the first of a column's keys that each object has; None where it has none."""
        first, *more = self._keys[column]
        fields = list(map(attrgetter(first), found))
        for key in more:
            if None not in fields:
                return fields
            fields = [
                getattr(one, key) if field is None else field
                for field, one in zip(fields, found, strict=True)
            ]
        if column == METHOD and None in fields:
            fields = [
                _method(one.request) if field is None else field
                for field, one in zip(fields, found, strict=True)
            ]
        return fields


def _method(request: Value) -> Value:
    return request.split(" ", 1)[0] if isinstance(request, str) else request
