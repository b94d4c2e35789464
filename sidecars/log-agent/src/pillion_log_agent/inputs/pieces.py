"""Joining the pieces of a line that the container runtime has split."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pillion_log_agent.parsers.runtime_block import (
    RuntimeBlock,
    parse_runtime_block,
    timestamps_of,
)
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.lines import empty_rows
from pillion_log_agent.records.receipt import merge

if TYPE_CHECKING:
    from pillion_log_agent.parsers.runtime import Shape
    from pillion_log_agent.records.columns import Record
    from pillion_log_agent.records.origin import Origin
    from pillion_log_agent.records.receipt import Receipt


@dataclass(frozen=True, slots=True)
class PieceOptions:
    """How pieces are told apart and joined.

    Attributes:
        runtimes: who may have written the file.
        shape: how the fields are called.
        longest: characters after which a line goes on as far as it has come.
        timeout: seconds that the rest of a line is waited for.
        skip_empty: leave out lines with nothing in them.
    """

    runtimes: tuple[str, ...]
    shape: Shape
    longest: int
    timeout: float = 4.0
    skip_empty: bool = False


@dataclass(slots=True)
class _Pending:
    """A line of one stream of which pieces are there, and not the last one.

    Attributes:
        fields: of the first piece.
        text_key: the field of the text.
        time: of the first piece, as it was written; None where it says none.
        offset: of the first piece.
        since: when it came, in seconds.
    """

    fields: Record
    text_key: str
    time: str | None
    offset: int
    since: float
    texts: list[str] = field(default_factory=list)
    length: int = 0
    is_longer: bool = False
    holding: list[Receipt] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.texts.append(text)
        self.length += len(text)
        self.is_longer = True

    def hold(self, receipt: Receipt) -> None:
        """Let a chunk wait for the line's end, if it has a piece of it."""
        if self.is_longer:
            receipt.hold()
            self.holding.append(receipt)
            self.is_longer = False

    def joined(self) -> Record:
        """Return the fields of the first piece with the whole text."""
        return {**self.fields, self.text_key: "".join(self.texts)}


class PieceJoiner:
    """Joins the lines of one generation of one file.

    A chunk with a piece of a line is acknowledged together with the one that has its end.
    """

    def __init__(self, options: PieceOptions, tag: str, origin: Origin) -> None:
        self.tag = tag
        self.origin = origin
        self._options = options
        self._pending: dict[str, _Pending] = {}

    @property
    def is_waiting(self) -> bool:
        """Whether there is a line whose rest has not come."""
        return bool(self._pending)

    def take(
        self, data: bytes, start: int, receipt: Receipt, now: int, clock: float
    ) -> tuple[Batch, Receipt]:
        """Return the lines that are whole, and what to release once they are delivered.

        Args:
            data: lines of the runtime.
            start: where they stand in the file.
            receipt: of them.
            now: nanoseconds, for a line without a time.
            clock: seconds, to say since when a line waits.
        """
        block = parse_runtime_block(data, self._options.runtimes, self._options.shape)
        offsets = [start + offset for offset in block.offsets]
        delivered, gone = [receipt], set(empty_rows(data) if self._options.skip_empty else ())
        for stream in {*self._pending, *(block.streams[row] for row in block.pieces)}:
            finished = self._join(stream, block, offsets, gone, clock)
            delivered += [each for line in finished for each in line.holding]
        for line in self._pending.values():
            line.hold(receipt)
        batch = Batch(
            self.tag,
            self.origin,
            timestamps_of(block.times, now),
            columns=block.columns,
            offsets=offsets,
            size=len(data),
        )
        if gone:
            batch = batch.select([row for row in range(len(batch)) if row not in gone])
        return batch, merge(delivered)

    def _join(
        self, stream: str, block: RuntimeBlock, offsets: list[int], gone: set[int], clock: float
    ) -> list[_Pending]:
        """Join the pieces of a stream; return the lines of it that are complete.

        The row of a line's last piece becomes the line, with the place of its first one.

        Args:
            stream: whose.
            block: its rows are changed.
            offsets: of the rows, likewise.
            gone: takes the rows that are a part of another line.
            clock: seconds.
        """
        pieces = [row for row in block.pieces if block.streams[row] == stream]
        finished: list[_Pending] = []
        line, row = self._pending.pop(stream, None), 0
        while True:
            if line is None:
                at = bisect_left(pieces, row)
                if at == len(pieces):
                    return finished
                row = pieces[at]
                fields, key = self._fields_of(block, row)
                line = _Pending(fields, key, block.times[row], offsets[row], clock)
            else:
                found = block.next_of(stream, row)
                if found is None:
                    self._pending[stream] = line
                    return finished
                row = found
            line.add(block.text(row))
            if line.length < self._options.longest and bisect_left(pieces, row) < bisect_left(
                pieces, row + 1
            ):
                gone.add(row)
            else:
                block.columns.odd[row] = line.joined()
                block.times[row], offsets[row] = line.time, line.offset
                finished.append(line)
                line = None
            row += 1

    def _fields_of(self, block: RuntimeBlock, row: int) -> tuple[Record, str]:
        """Return the fields of a row, and the name of that with the text."""
        record, key = block.columns.record(row), self._options.shape.text
        return record, key if key in record else "log"

    def give_up(self, now: int, clock: float | None = None) -> tuple[Batch, Receipt] | None:
        """Return the lines that have waited too long, as far as they have come.

        Args:
            now: nanoseconds, for a line without a time.
            clock: seconds; None gives up every line.
        """
        late = [
            stream
            for stream, each in self._pending.items()
            if clock is None or clock - each.since >= self._options.timeout
        ]
        if not late:
            return None
        lines = [self._pending.pop(stream) for stream in late]
        batch = Batch(
            self.tag,
            self.origin,
            timestamps_of([line.time for line in lines], now),
            records=[line.joined() for line in lines],
            offsets=[line.offset for line in lines],
            size=sum(line.length for line in lines),
        )
        return batch, merge([each for line in lines for each in line.holding])
