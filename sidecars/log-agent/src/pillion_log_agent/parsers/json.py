"""The JSON parser: one object a line, as docker writes them. Pure."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import Any

import msgspec

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.parsers.object_rows import ObjectRows
from pillion_log_agent.parsers.parsed import Parsed, ParsedBlock
from pillion_log_agent.parsers.shared import (
    OF_OTHER_FORMATS,
    Finishing,
    ParserProperties,
)
from pillion_log_agent.patterns.times import show_iso
from pillion_log_agent.records.columns import Columns
from pillion_log_agent.records.json_rows import (
    DECODE_ERRORS,
    block_of,
    decode_fields,
    decode_object,
    decode_rows,
)
from pillion_log_agent.records.lines import is_utf8
from pillion_log_agent.records.spliced import Spliced
from pillion_log_agent.records.timestamps import Timestamps

_time_of = attrgetter("time")


class JsonParser:
    """Parses JSON objects."""

    __slots__ = ("_finishing", "_times", "name")

    def __init__(self, properties: ParserProperties) -> None:
        self.name = properties.name
        self._finishing = Finishing.of(replace(properties, types=()))  # JSON has types
        self._times = None
        time_format = self._finishing.time_format
        if time_format is not None and time_format.is_iso and not self._finishing.changes_fields:
            self._times = time_decoder(self._finishing.time_key)

    def parse(self, text: str, now: int) -> Parsed | None:
        """Return the fields of one object."""
        fields = decode_object(text)
        if fields is None:
            return None
        return Parsed(fields, self._finishing.finish(fields, now))

    def parse_block(self, data: bytes, now: int) -> ParsedBlock:
        """Return the objects of a block, as they are where nothing in them changes."""
        if self._times is not None and data.startswith(b"{") and data.endswith(b"}\n"):
            times = block_times(self._times, data)
            if times is not None:
                columns = Columns(len(times), head=Spliced(data, len(times)))
                return ParsedBlock(columns, times, {}, is_unchanged=True)
        rows = ObjectRows.of(data)
        if self._times is None:
            return self._changed(rows, now)
        block, count = block_of(rows.bodies), len(rows.bodies)
        ((written,), broken) = decode_fields(block, (self._finishing.time_key,), count)
        odd, misfits = self._parsed_singly(rows, broken, now)
        columns = Columns(
            count,
            head=Spliced.of_bodies(rows.bodies, block),
            odd={row: parsed.fields for row, parsed in odd.items()},
        )
        for row, parsed in odd.items():
            written[row] = None if parsed.time is None else show_iso(parsed.time, 9)
        return ParsedBlock(columns, self._times_of(written, now), misfits, rows.offsets)

    def _changed(self, rows: ObjectRows, now: int) -> ParsedBlock:
        records, broken = decode_rows(block_of(rows.bodies), len(rows.bodies))
        odd, misfits = self._parsed_singly(rows, broken, now)
        times: list[int] = []
        for row, record in enumerate(records):
            if row in odd:
                records[row], time = odd[row].fields, odd[row].time
            else:
                time = None if row in misfits else self._finishing.finish(record, now)
            times.append(now if time is None else time)
        return ParsedBlock(records, Timestamps(times), misfits, rows.offsets)

    def _parsed_singly(
        self, rows: ObjectRows, broken: list[int], now: int
    ) -> tuple[dict[int, Parsed], dict[int, str]]:
        """Parse rows that could not be read with the others; return which are no objects too."""
        odd: dict[int, Parsed] = {}
        misfits: dict[int, str] = {}
        for row, text in rows.texts(broken):
            parsed = self.parse(text, now)
            if parsed is None:
                misfits[row] = text
            else:
                odd[row] = parsed
        return odd, misfits

    def _times_of(self, texts: list[Any], now: int) -> Timestamps:
        """Return the column of times as they were written; what is no text stands for now."""
        time_format = self._finishing.time_format
        assert time_format is not None
        present = show_iso(now, 9)
        written = [text if isinstance(text, str) else present for text in texts]
        found = Timestamps.of_texts(written)
        if found is not None:
            return found
        parsed = [time_format.parse(text, now) for text in written]
        return Timestamps([now if time is None else time for time in parsed])


def block_times(decoder: Any, data: bytes) -> Timestamps | None:
    """Return the times of a block of objects, None when one is no object or has no such time.

    Args:
        decoder: of `time_decoder`.
        data: JSON lines, from the first brace to the last with its newline.
    """
    try:
        # What is skipped is checked for everything but its UTF-8.
        found = decoder.decode_lines(data)
    except DECODE_ERRORS:
        return None
    # Two objects on one line are taken for two lines, and empty lines are passed over.
    if len(found) != data.count(b"}\n{") + 1 or not is_utf8(data):
        return None
    return Timestamps.of_texts(list(map(_time_of, found)))


def time_decoder(key: str) -> Any:
    """Return a decoder that takes one field, which must be text, and skips the others."""
    kind = msgspec.defstruct("Time", [("time", str)], rename={"time": key}, gc=False)
    return msgspec.json.Decoder(kind)


JSON = Declaration(
    name="json",
    summary="JSON objects.",
    properties=ParserProperties,
    required=("name",),
    accepted=OF_OTHER_FORMATS,
    build=JsonParser,
)
