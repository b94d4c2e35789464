"""Stretches of a generation that are handed out, and the queue in which they come back."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from pillion.tail.lines import NEWLINE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pillion.tail.chunk import LineState
    from pillion.tail.generation import Generation
    from pillion.tail.wake import Waker


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
        generation: Generation,
        data: bytes,
        start: int,
        end: int,
        lines: int,
        *,
        after: LineState,
        trail: bytes,
        settled: SettledSpans,
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
