"""Joining the lines of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pillion_log_agent.multiline.stream import Stream
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.column import Texts
from pillion_log_agent.records.columns import Columns
from pillion_log_agent.records.lines import split_lines
from pillion_log_agent.records.receipt import merge
from pillion_log_agent.records.timestamps import Timestamps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pillion_log_agent.multiline.stream import End, Joining, Opened, Spans
    from pillion_log_agent.records.columns import Record
    from pillion_log_agent.records.origin import Origin
    from pillion_log_agent.records.receipt import Receipt


class Compose(Protocol):
    """Makes the fields of a record of its lines, where they are more than one text."""

    def __call__(self, lines: Sequence[str], now: int) -> tuple[Record, int]:
        """Return the fields and the time, in nanoseconds."""
        ...


@dataclass(frozen=True, slots=True)
class LineShape:
    """What becomes of the lines of a record.

    Attributes:
        key: the field of the text.
        end: what stands behind the last line.
        skip_empty: leave out lines with nothing in them before they are joined.
        compose: makes the fields otherwise.
    """

    key: str
    end: str = "\n"
    skip_empty: bool = False
    compose: Compose | None = None


class LineJoiner:
    """Joins the lines of one generation of one file.

    What is in a chunk from the first line of an open record on is acknowledged together with the
    chunk that has its end. So a crash between the two reads all of it again, and its offset stays
    that of its first line.
    """

    def __init__(self, joining: Joining, shape: LineShape, tag: str, origin: Origin) -> None:
        self.tag = tag
        self.origin = origin
        self._shape = shape
        self._glue = joining.machine.glue
        self._stream: Stream[int] = Stream(joining)
        self._end = 0

    @property
    def is_waiting(self) -> bool:
        """Whether a record is open."""
        return self._stream.opened is not None

    def take(
        self,
        data: bytes,
        start: int,
        receipt: Receipt,
        now: int,
        clock: float,
        *,
        starts_line: bool = True,
    ) -> tuple[Batch, Receipt]:
        """Return the records that are complete, and what to release once they are delivered.

        Args:
            data: lines, each with its newline, save that the last may have none.
            start: where they stand in the file.
            receipt: of them.
            now: nanoseconds; the time of the records that begin in the block.
            clock: seconds, to say since when a record waits.
            starts_line: the first bytes do not go on with a line of the block before.
        """
        texts, offsets = _texts_of(data, start)
        if self._shape.skip_empty:
            kept = [index for index, text in enumerate(texts) if text]
            texts, offsets = [texts[i] for i in kept], [offsets[i] for i in kept]
        opened = self._stream.opened
        if not starts_line and texts and opened is not None:
            opened.lengthen(texts.pop(0), receipt)
            del offsets[0]
        finished, spans = self._stream.take(
            texts, texts, receipt, clock, lambda index: (now, offsets[index])
        )
        self._cut_off(receipt, start)
        # What is complete lies in one piece between what was open before and what is now.
        first = opened.offset if opened is not None else start
        self._end = start + len(data)
        size = (self._stream.opened.offset if self._stream.opened else self._end) - first
        places = offsets if spans is None else [offsets[begin] for begin, _ in spans]
        batch = self._batch(texts, spans, places, finished, (now, size))
        held = finished.holding if finished is not None else ()
        return batch, merge([receipt, *held])

    def give_up(self, clock: float | None, end: End) -> tuple[Batch, Receipt] | None:
        """Return the open record as far as it has come, when it has waited too long.

        Args:
            clock: seconds; None gives it up at once.
            end: why.
        """
        opened = self._stream.give_up(clock, end)
        if opened is None:
            return None
        size = self._end - opened.offset
        batch = self._batch([], [], [], opened, (opened.first, size))
        batch.origin = self.origin.cut_at(size)
        return batch, merge(opened.holding)

    def _cut_off(self, receipt: Receipt, start: int) -> None:
        """Let what is before a record that has begun in the chunk be acknowledged without it."""
        opened = self._stream.opened
        if opened is not None and opened.offset > start:
            rest = receipt.split(opened.offset)
            if rest is not None:
                opened.move_to(rest)
                rest.release()

    def _batch(
        self,
        texts: list[str],
        spans: Spans,
        places: list[int],
        finished: Opened[int] | None,
        now_and_size: tuple[int, int],
    ) -> Batch:
        """Return the record that was open before, and those of a block."""
        now, size = now_and_size
        shape = self._shape
        times = [now] * len(places)
        if finished is not None:
            places = [finished.offset, *places]
            times = [finished.first, *times]
        if shape.compose is None:
            joined = self._joined(texts, spans)
            if finished is not None:
                joined = [self._glue.join(finished.texts), *joined]
            columns = Columns(len(joined), fields={shape.key: Texts(joined, end=shape.end)})
            return Batch(
                self.tag, self.origin, Timestamps(times), columns=columns, offsets=places, size=size
            )
        groups = [texts[begin:end] for begin, end in _spans_of(texts, spans)]
        if finished is not None:
            groups = [finished.texts, *groups]
        made = [shape.compose(*each) for each in zip(groups, times, strict=True)]
        return Batch(
            self.tag,
            self.origin,
            Timestamps([time for _, time in made]),
            records=[fields for fields, _ in made],
            offsets=places,
            size=size,
        )

    def _joined(self, texts: list[str], spans: Spans) -> list[str]:
        if spans is None:
            return texts
        glue = self._glue
        return [
            texts[begin] if end - begin == 1 else glue.join(texts[begin:end])
            for begin, end in spans
        ]


def _spans_of(texts: list[str], spans: Spans) -> Iterable[tuple[int, int]]:
    return ((at, at + 1) for at in range(len(texts))) if spans is None else spans


def _texts_of(data: bytes, start: int) -> tuple[list[str], list[int]]:
    """Return the lines of a block as text without their ends, and where each of them begins."""
    lines, offsets = split_lines(data, start)
    if b"\r" in data:
        return [line.decode("utf-8", "replace") for line in lines], offsets
    return data.decode("utf-8", "replace").split("\n")[: len(lines)], offsets
