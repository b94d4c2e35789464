"""From lines to a batch: taken as they are, or parsed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pillion_log_agent.parsers.parsed import BlockParser, ParsedBlock
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.column import WireTexts
from pillion_log_agent.records.columns import Columns, Record
from pillion_log_agent.records.lines import empty_rows, split_lines, text_rows, wire_rows
from pillion_log_agent.records.timestamps import Timestamps

if TYPE_CHECKING:
    from pillion_log_agent.parsers.parsed import Parser
    from pillion_log_agent.records.origin import Origin


@dataclass(frozen=True, slots=True)
class LineReader:
    """Makes batches of blocks of lines.

    Attributes:
        key: the field of a line that is not parsed.
        parser: parses each line; one that it cannot parse is taken as it is.
        offset_key: the field to put each line's offset into, or None.
        skip_empty: leave out lines with nothing in them.
    """

    key: str
    parser: Parser | None = None
    offset_key: str | None = None
    skip_empty: bool = False

    def batch(self, data: bytes, tag: str, origin: Origin, start: int, now: int) -> Batch:
        """Return the batch of a block.

        Args:
            data: lines, each with its newline, save that the last may have none.
            tag: of the batch.
            origin: of the batch.
            start: where the block stands in its file.
            now: nanoseconds; the time of a record that has none.
        """
        batch = self._batch(data, tag, origin, start, now)
        empty = set(empty_rows(data)) if self.skip_empty else None
        if empty:
            batch = batch.select([row for row in range(len(batch)) if row not in empty])
        if self.offset_key is not None:
            batch.add(self.offset_key, batch.offsets)
        return batch

    def _batch(self, data: bytes, tag: str, origin: Origin, start: int, now: int) -> Batch:
        parser = self.parser
        if parser is None:
            return self._as_they_are(data, tag, origin, start, now)
        parsed = parser.parse_block(data, now) if isinstance(parser, BlockParser) else None
        if parsed is None:
            parsed = _one_by_one(parser, data, now)
        rows, times, size = parsed.rows, parsed.times, len(data)
        if parsed.is_unchanged and isinstance(rows, Columns):
            return Batch(tag, origin, times, columns=rows, start=start, size=size)
        offsets = (
            split_lines(data, start)[1]
            if parsed.offsets is None
            else partial(parsed.offsets, start)
        )
        misfits: dict[int, Record] = {row: {self.key: text} for row, text in parsed.misfits.items()}
        if isinstance(rows, Columns):
            rows.odd.update(misfits)
            return Batch(tag, origin, times, columns=rows, offsets=offsets, size=size)
        for row, record in misfits.items():
            rows[row] = record
        return Batch(tag, origin, times, records=rows, offsets=offsets, size=size)

    def _as_they_are(self, data: bytes, tag: str, origin: Origin, start: int, now: int) -> Batch:
        lines, offsets = wire_rows(data, start)
        columns = Columns(len(lines), fields={self.key: WireTexts(lines)})
        times = Timestamps([now] * len(lines))
        return Batch(tag, origin, times, columns=columns, offsets=offsets, size=len(data))


def _one_by_one(parser: Parser, data: bytes, now: int) -> ParsedBlock:
    """Parse lines where a block of them cannot be."""
    rows: list[Record] = []
    times: list[int] = []
    misfits: dict[int, str] = {}
    for row, text in enumerate(text_rows(data)):
        parsed = parser.parse(text, now)
        if parsed is None:
            misfits[row] = text
        rows.append({} if parsed is None else parsed.fields)
        times.append(now if parsed is None or parsed.time is None else parsed.time)
    return ParsedBlock(rows, Timestamps(times), misfits)
