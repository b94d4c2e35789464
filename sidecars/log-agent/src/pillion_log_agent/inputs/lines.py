"""From lines to a batch: taken as they are, or parsed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion_log_agent.records.batch import Batch, Record
from pillion_log_agent.records.lines import quoted, split_lines
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
        if self.offset_key is None and self.parser is not None:
            times = self.parser.parse_block(data)
            if times is not None:
                return Batch(tag, origin, times, block=data, start=start)
        lines, offsets = split_lines(data, start)
        if self.skip_empty or self.parser is not None:
            # There is nothing to parse in an empty line: it is no record.
            kept = [index for index, line in enumerate(lines) if line.strip()]
            lines = [lines[index] for index in kept]
            offsets = [offsets[index] for index in kept]
        if self.offset_key is None and self.parser is None:
            texts = b"\n".join(lines).decode("utf-8", "replace").split("\n") if lines else []
            block = quoted(self.key, texts)
            times = Timestamps([now] * len(lines))
            return Batch(tag, origin, times, block=block, offsets=offsets, size=len(data))
        return self._parsed(lines, offsets, tag=tag, origin=origin, now=now, size=len(data))

    def _parsed(
        self,
        lines: list[bytes],
        offsets: list[int],
        *,
        tag: str,
        origin: Origin,
        now: int,
        size: int,
    ) -> Batch:
        records: list[Record] = []
        times: list[int] = []
        for line, offset in zip(lines, offsets, strict=True):
            text = line.decode("utf-8", "replace")
            parsed = self.parser.parse(text, now) if self.parser is not None else None
            fields: dict[str, Any] = {self.key: text} if parsed is None else parsed.fields
            if self.offset_key is not None:
                fields[self.offset_key] = offset
            records.append(fields)
            times.append(now if parsed is None or parsed.time is None else parsed.time)
        return Batch(tag, origin, Timestamps(times), records=records, offsets=offsets, size=size)
