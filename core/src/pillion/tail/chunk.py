"""What a tailer hands out: a block of whole lines, with a receipt to acknowledge it by."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Protocol

from pillion.tail.lines import NEWLINE
from pillion.tail.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pillion.tail.lines import LineState
    from pillion.tail.wakers import Waker


BLOCK_BYTES = 256 * 1024


class SpanSource(Protocol):
    """Where spans come from: a generation."""

    @property
    def path(self) -> str:
        """Where it was found."""
        ...

    @property
    def identity(self) -> str:
        """Its name, that holds over restarts."""
        ...

    @property
    def descriptor(self) -> int:
        """The open file; -1 where it is closed."""
        ...

    @property
    def has_unread(self) -> bool:
        """Whether there is more to read."""
        ...

    def trail_inside(self, span: Span, length: int) -> bytes:
        """Return the trail as it was so many bytes into a span that is in flight."""
        ...

    def hand_out_rest(self, span: Span, rest: Span) -> None:
        """Keep the second part of a span that was cut, behind the first."""
        ...

    def settle(self) -> None:
        """Move the acknowledged position over every span that has no gap before it."""
        ...


class SpanSink(Protocol):
    """Where spans go that are delivered.

    Attributes:
        weight: memory that unsettled spans take beyond their bytes.
    """

    weight: int

    def put(self, span: Span) -> None:
        """Take a span that is delivered."""
        ...


class SettledSpans:
    """Spans that are delivered, until the tailer drains them in its own thread.

    Attributes:
        weight: memory that unsettled spans take beyond their bytes; see `Receipt.add_weight`.
        is_asleep: the tailer waits, and is to be woken.
    """

    __slots__ = ("_spans", "_waker", "is_asleep", "weight")

    def __init__(self, waker: Waker) -> None:
        self._spans: deque[Span] = deque()
        self._waker = waker
        self.weight = 0
        self.is_asleep = False

    def __bool__(self) -> bool:
        return bool(self._spans)

    def put(self, span: Span) -> None:
        """Take a span that is delivered; from any thread."""
        self._spans.append(span)
        if self.is_asleep:
            self._waker.wake()

    def drain(self) -> Iterator[Span]:
        """Yield, and take off, what has come so far."""
        while self._spans:
            span = self._spans.popleft()
            self.weight -= span.weight
            yield span


class Span:
    """Bytes of one generation on their way; the source of the receipt of a chunk.

    Attributes:
        generation: where they come from.
        data: the bytes, as long as they are on their way.
        start: the offset of the first.
        end: the offset after the last.
        lines: how many lines, where they are counted.
        after: how things stand at `end`.
        trail: the last bytes before `end`.
        weight: memory that what came of them takes beyond their bytes.
        is_settled: all of it is delivered.
    """

    __slots__ = (
        "_settled",
        "after",
        "data",
        "end",
        "generation",
        "is_settled",
        "lines",
        "start",
        "trail",
        "weight",
    )

    def __init__(
        self,
        generation: SpanSource,
        data: bytes,
        start: int,
        end: int,
        lines: int,
        *,
        after: LineState,
        trail: bytes,
        settled: SpanSink,
    ) -> None:
        self.generation = generation
        self.data = data
        self.start = start
        self.end = end
        self.lines = lines
        self.after = after
        self.trail = trail
        self.weight = 0
        self.is_settled = False
        self._settled = settled

    @property
    def has_more(self) -> bool:
        """Whether, at the last look, there was more behind it in its file that was not read."""
        return self.generation.has_unread

    def settle(self) -> None:
        """Have the tailer move the position at its next step."""
        self.is_settled = True
        self._settled.put(self)

    def add_weight(self, size: int) -> None:
        """Count memory beyond the bytes."""
        self.weight += size
        self._settled.weight += size

    def split(self, offset: int) -> Span | None:
        """Keep what is before a line that begins at an offset, and return the rest.

        Only in the thread that steps the tailer.
        """
        length = offset - self.start
        is_inside = 0 < length < len(self.data)
        if self.is_settled or not is_inside or not self.data.endswith(NEWLINE, 0, length):
            return None
        is_open = not self.data.endswith(NEWLINE)
        rest = Span(
            self.generation,
            self.data[length:],
            offset,
            self.end,
            self.data.count(NEWLINE, length) + is_open if self.lines else 0,
            after=self.after,
            trail=self.trail,
            settled=self._settled,
        )
        self.trail = self.generation.trail_inside(self, length)
        self.data = self.data[:length]
        self.end = offset
        self.lines -= rest.lines
        self.after = "whole"
        self.generation.hand_out_rest(self, rest)
        return rest


class Chunk:
    """Whole lines of one generation of one file, in the order in which they stand there.

    Attributes:
        data: the lines with their newlines, as they are in the file; never decoded.
        path: the path under which the file was found, also after it was renamed.
        identity: the name of the generation; with `start` it names each record for good,
            over renames and restarts, and so can serve as the id of a document.
        start: the offset of the first byte.
        end: the offset after the last byte.
        lines: how many lines: the newlines, and one more when the last has none; 0 unless the
            options say that they are counted.
        starts_line: false when the first bytes go on with a line that was too long for one
            piece, or whose beginning was delivered after `partial_flush`.
        ends_line: false when the last line has no newline: it was cut, or it is the last of its
            generation, or it was delivered after `partial_flush`.
        after: how things stand at `end`: `skipping` where the rest of a long line is left out.
        receipt: says that it is delivered; to be held where several things are made of it.
    """

    __slots__ = (
        "_span",
        "after",
        "data",
        "end",
        "ends_line",
        "identity",
        "lines",
        "path",
        "receipt",
        "start",
        "starts_line",
    )

    def __init__(self, span: Span, receipt: Receipt, *, starts_line: bool) -> None:
        self._span = span
        self.receipt = receipt
        self.path = span.generation.path
        self.identity = span.generation.identity
        self.starts_line = starts_line
        self._take_from_span()

    def __repr__(self) -> str:
        return f"Chunk({self.path!r}, {self.start}..{self.end}, lines={self.lines})"

    def ack(self) -> None:
        """Say that this chunk is where it should be, so that it need not be read again.

        In any order and from any thread; the position moves over the chunks that leave no gap.
        Doing it twice does nothing. The same as releasing a receipt that nobody else holds.
        """
        if not self.receipt.is_settled:
            self.receipt.release()

    @property
    def is_acked(self) -> bool:
        """Whether it is acknowledged."""
        return self.receipt.is_settled

    @property
    def has_more(self) -> bool:
        """Whether, at the last look, there was more behind it in its file that was not read."""
        return self.receipt.has_more

    def before(self) -> Iterator[bytes]:
        """Yield what stands before it in its file, in blocks.

        For who needs the state that reading from the beginning leaves, such as a decompressor.

        Raises:
            OSError: the file is not open any more, or cannot be read.
        """
        at = 0
        while at < self.start:
            count = min(BLOCK_BYTES, self.start - at)
            block = os.pread(self._span.generation.descriptor, count, at)
            if not block:
                raise OSError(f"{self.path} is shorter than it was")
            yield block
            at += len(block)

    def split(self, offset: int) -> Chunk:
        """Cut the chunk where a line begins; return what follows, to be acknowledged by itself.

        For who keeps the last lines back until more have come, and delivers what is before them.
        Only in the thread that steps the tailer, and before the chunk is acknowledged.

        Raises:
            ValueError: the offset is not inside the chunk, or no line begins there.
        """
        span = self._span.split(offset)
        if span is None:
            raise ValueError(f"{self!r} cannot be cut at {offset}")
        self._take_from_span()
        return Chunk(span, Receipt(span), starts_line=True)

    def _take_from_span(self) -> None:
        span = self._span
        self.data = span.data
        self.start = span.start
        self.end = span.end
        self.lines = span.lines
        self.after = span.after
        self.ends_line = span.data.endswith(b"\n")
