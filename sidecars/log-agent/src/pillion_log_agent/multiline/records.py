"""Joining records: what a runtime has unwrapped, what a parser has made, what a filter is given."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pillion_log_agent.multiline.stream import Opened, Stream
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.receipt import Receipt, merge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.multiline.stream import End, Joining, Spans
    from pillion_log_agent.records.columns import Record
    from pillion_log_agent.records.origin import Origin
    from pillion_log_agent.records.timestamps import Timestamps


@dataclass(frozen=True, slots=True)
class RecordShape:
    """Which fields matter.

    Attributes:
        content: the one that is joined; a record where it is no text is left alone.
        pattern: the one that the rules look at, where it is another and there.
        group: the one whose values tell streams apart.
        reach: bytes of the file behind an open record after which it is given up, so that
            the rest of the file need not wait for it.
    """

    content: str
    pattern: str | None
    group: str | None
    reach: int


class Joined(NamedTuple):
    """Records that go on their way.

    Attributes:
        batch: the records.
        receipt: to be released once they are delivered.
        vanished: how many records have become part of others in the batch.
    """

    batch: Batch
    receipt: Receipt
    vanished: int


class _First(NamedTuple):
    """The first record of one that is open."""

    record: Record
    time: Timestamps
    tag: str
    origin: Origin


class RecordJoiner:
    """Joins the records of many files, each by itself.

    What a record says beside the joined text is what its first line says. From the first line of
    an open record on, a batch is acknowledged together with the one that has the record's end.
    """

    def __init__(self, joining: Joining, shape: RecordShape) -> None:
        self._joining = joining
        self._shape = shape
        self._glue = joining.machine.glue
        self._sources: dict[tuple[str, str], dict[str, Stream[_First]]] = {}

    def take(self, batch: Batch, receipt: Receipt, clock: float) -> list[Joined]:
        """Return what can go on, in the order of the file.

        Args:
            batch: records of one file, in order.
            receipt: of it.
            clock: seconds.
        """
        if not len(batch):
            receipt.release()
            return []
        source = batch.origin.identity, batch.tag
        streams = self._sources.get(source, {})
        if not streams and not batch.is_decoded and not self._may_begin_in(batch):
            return [Joined(batch, receipt, 0)]
        before = [each.opened for each in streams.values() if each.opened is not None]
        finished: list[Opened[_First]] = []
        by_stream, kept = self._by_stream(batch.records())
        vanished = 0
        for value, indices in by_stream.items():
            stream = streams.setdefault(value, Stream(self._joining))
            complete, spans = self._advance(stream, batch, indices, receipt, clock)
            if complete is not None:
                finished.append(complete)
            vanished += self._join_all(batch, indices, spans, kept)
        behind = self._fallen_behind(streams, batch)
        streams = {value: each for value, each in streams.items() if each.opened is not None}
        if streams:
            self._sources[source] = streams
        else:
            self._sources.pop(source, None)
        joined = [*map(self._finished, finished), *behind]
        parts = [receipt, *_held_before(before, receipt)]
        if len(by_stream) == 1:
            parts += _cut_off(receipt, streams, batch)
        if not kept:
            merge(parts).release()
            return joined
        if len(kept) < len(batch):
            batch = batch.select(sorted(kept))
        return [*joined, Joined(batch, merge(parts), vanished)]

    def give_up(self, clock: float | None, end: End) -> list[Joined]:
        """Return the records whose rest has not come in time; with no clock, all that are open."""
        given_up: list[Joined] = []
        for source, streams in list(self._sources.items()):
            for value, stream in list(streams.items()):
                opened = stream.give_up(clock, end)
                if opened is not None:
                    given_up.append(self._cut_short(opened))
                    del streams[value]
            if not streams:
                del self._sources[source]
        return given_up

    def _may_begin_in(self, batch: Batch) -> bool:
        """Whether a record may begin in a batch; said without decoding it, where that can be."""
        needles = self._joining.machine.encoded_needles
        return needles is None or batch.has_any(needles)

    def _by_stream(self, records: list[Record]) -> tuple[dict[str, Sequence[int]], list[int]]:
        """Return the records of each stream, and those that have no text to join."""
        content, group = self._shape.content, self._shape.group
        texts = [record.get(content) for record in records]
        values = [record.get(group) for record in records] if group is not None else [None]
        if values.count(values[0]) == len(values) and set(map(type, texts)) == {str}:
            return {str(values[0]): range(len(records))}, []
        found: defaultdict[str, list[int]] = defaultdict(list)
        others: list[int] = []
        for index, text in enumerate(texts):
            if isinstance(text, str):
                found[str(values[index] if group is not None else None)].append(index)
            else:
                others.append(index)
        return dict(found), others

    def _join_all(self, batch: Batch, indices: Sequence[int], spans: Spans, kept: list[int]) -> int:
        """Join the records within a batch; add those that stay, each the first of its lines.

        Returns:
            How many have become part of others.
        """
        if spans is None:
            kept += indices
            return 0
        records, content = batch.records(), self._shape.content
        vanished = 0
        for begin, end in spans:
            first = indices[begin]
            kept.append(first)
            if end - begin > 1:
                vanished += end - begin - 1
                texts = [records[index][content] for index in indices[begin:end]]
                records[first][content] = self._text(texts)
        return vanished

    def _advance(
        self,
        stream: Stream[_First],
        batch: Batch,
        indices: Sequence[int],
        receipt: Receipt,
        clock: float,
    ) -> tuple[Opened[_First] | None, Spans]:
        content, pattern = self._shape.content, self._shape.pattern
        records = batch.records()
        texts: list[str] = [records[index][content] for index in indices]
        looked_at = texts
        if pattern is not None:
            values = [records[index].get(pattern) for index in indices]
            looked_at = [
                value if isinstance(value, str) else text
                for value, text in zip(values, texts, strict=True)
            ]

        def place(position: int) -> tuple[_First, int]:
            index = indices[position]
            time = batch.times.select([index])
            first = _First(records[index], time, batch.tag, batch.origin)
            return first, batch.offsets[index]

        lines = [text.rstrip("\r\n") for text in looked_at]
        return stream.take(lines, texts, receipt, clock, place)

    def _fallen_behind(self, streams: dict[str, Stream[_First]], batch: Batch) -> list[Joined]:
        """Return the open records that keep too much of the file from being acknowledged."""
        behind: list[Joined] = []
        for stream in streams.values():
            opened = stream.opened
            if opened is not None and batch.offsets[-1] - opened.offset > self._shape.reach:
                stream.give_up(None, "behind")
                behind.append(self._cut_short(opened))
        return behind

    def _cut_short(self, opened: Opened[_First]) -> Joined:
        """Return a record whose end is not there, with an id that the whole one does not have."""
        joined = self._finished(opened)
        joined.batch.origin = joined.batch.origin.cut_at(opened.length)
        return joined

    def _finished(self, opened: Opened[_First]) -> Joined:
        first = opened.first
        batch = Batch(
            first.tag,
            first.origin,
            first.time,
            records=[{**first.record, self._shape.content: self._text(opened.texts)}],
            offsets=[opened.offset],
            size=opened.length,
        )
        return Joined(batch, merge(opened.holding), len(opened.texts) - 1)

    def _text(self, texts: list[str]) -> str:
        if not self._glue:
            return "".join(texts)
        *head, last = texts
        return "".join([text if text.endswith("\n") else f"{text}\n" for text in head]) + last


def _held_before(opened: list[Opened[_First]], receipt: Receipt) -> list[Receipt]:
    """Hold, and return, what has to wait for a batch that goes on with open records.

    So the position moves over all lines of such a record at once: read again from the middle,
    its last lines would be a record of their own.
    """
    found = [
        before
        for each in opened
        if each.holding[-1] is receipt
        for before in each.holding
        if before is not receipt
    ]
    for before in found:
        before.hold()
    return found


def _cut_off(receipt: Receipt, streams: dict[str, Stream[_First]], batch: Batch) -> list[Receipt]:
    """Let what is before a record that has begun in a chunk be acknowledged without it.

    Only where one stream alone is in the chunk: else the cut may go through another record. And
    where an older one is open still, it would help nothing: the position stays before it.
    """
    opened = [each.opened for each in streams.values() if each.opened is not None]
    if len(opened) != 1 or opened[0].offset <= batch.offsets[0]:
        return []
    rest = receipt.split(opened[0].offset)
    if rest is None:
        return []
    opened[0].move_to(rest)
    return [rest]
