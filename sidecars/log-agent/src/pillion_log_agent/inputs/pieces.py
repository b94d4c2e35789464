"""Joining the pieces of a line that the container runtime has split."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pillion_log_agent.parsers.runtime import (
    AS_MULTILINE,
    Piece,
    Shape,
    parse_piece,
    parse_whole_cri,
)
from pillion_log_agent.parsers.whole_cri import ADDED, whole_cri
from pillion_log_agent.records.batch import Batch, Record
from pillion_log_agent.records.lines import split_lines
from pillion_log_agent.records.receipt import Receipt, merge
from pillion_log_agent.records.timestamps import Timestamps

if TYPE_CHECKING:
    from pillion_log_agent.records.origin import Origin


@dataclass(frozen=True, slots=True)
class PieceOptions:
    """How pieces are told apart and joined.

    Attributes:
        runtimes: who may have written the file.
        shape: how the fields are called.
        longest: characters after which a line goes on as far as it has come.
        timeout: seconds that the rest of a line is waited for.
    """

    runtimes: tuple[str, ...]
    shape: Shape
    longest: int
    timeout: float = 4.0


@dataclass(slots=True)
class _Pending:
    """A line of one stream of which pieces are there, and not the last one."""

    first: Piece
    offset: int
    since: float
    texts: list[str] = field(default_factory=list)
    length: int = 0
    holding: list[Receipt] = field(default_factory=list)

    def add(self, piece: Piece, receipt: Receipt) -> None:
        self.texts.append(piece.text)
        self.length += len(piece.text)
        if not self.holding or self.holding[-1] is not receipt:
            receipt.hold()
            self.holding.append(receipt)

    def joined(self, last: Piece) -> Record:
        """Return the fields of the last piece with the whole text."""
        return {**last.fields, last.text_key: "".join(self.texts)}


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
        batch = self._take_whole(data, start)
        if batch is not None:
            return batch, receipt
        delivered = [receipt]
        records: list[Record] = []
        times: list[int] = []
        places: list[int] = []
        lines, offsets = split_lines(data, start)
        for line, offset in zip(lines, offsets, strict=True):
            text = line.decode("utf-8", "replace")
            piece = parse_piece(text, self._options.runtimes, self._options.shape)
            if piece is None:
                fields, time, place = {"log": text}, None, offset
            elif piece.is_partial or piece.stream in self._pending:
                whole = self._join(piece, offset, receipt, clock)
                if whole is None:
                    continue
                delivered += whole.holding
                fields, time, place = whole.joined(piece), piece.time, whole.offset
            else:
                fields, time, place = piece.fields, piece.time, offset
            records.append(fields)
            times.append(now if time is None else time)
            places.append(place)
        return self._batch(records, times, places, len(data)), merge(delivered)

    def _take_whole(self, data: bytes, start: int) -> Batch | None:
        """Return the batch of a block of CRI's in which no line is split, None for any other."""
        if self._pending or self._options.runtimes[-1] != "cri" or not data.endswith(b"\n"):
            return None
        whole = whole_cri(data) if self._options.shape == AS_MULTILINE else None
        if whole is None:
            return self._take_fields(data, start)
        return Batch(
            self.tag,
            self.origin,
            whole.times,
            block=whole.block,
            start=start,
            added=ADDED,
            offsets=split_lines(data, start)[1] if whole.is_escaped else None,
            size=len(data),
        )

    def _take_fields(self, data: bytes, start: int) -> Batch | None:
        try:
            found = parse_whole_cri(data.decode(), self._options.shape)
        except UnicodeDecodeError:
            return None
        times = Timestamps.of_texts(found[1]) if found is not None else None
        if found is None or times is None:
            return None
        _, offsets = split_lines(data, start)
        return Batch(
            self.tag, self.origin, times, records=found[0], offsets=offsets, size=len(data)
        )

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
        batch = self._batch(
            [line.joined(line.first) for line in lines],
            [now if line.first.time is None else line.first.time for line in lines],
            [line.offset for line in lines],
            sum(line.length for line in lines),
        )
        return batch, merge([each for line in lines for each in line.holding])

    def _join(self, piece: Piece, offset: int, receipt: Receipt, clock: float) -> _Pending | None:
        """Add a piece to its line; return the line when that is its end."""
        line = self._pending.get(piece.stream)
        if line is None:
            line = self._pending[piece.stream] = _Pending(piece, offset, clock)
        line.add(piece, receipt)
        if piece.is_partial and line.length < self._options.longest:
            return None
        return self._pending.pop(piece.stream)

    def _batch(
        self, records: list[Record], times: list[int], places: list[int], size: int
    ) -> Batch:
        return Batch(
            self.tag, self.origin, Timestamps(times), records=records, offsets=places, size=size
        )
