"""What a tailer hands out: a block of whole lines, with a receipt to acknowledge it by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pillion.tail.receipt import Receipt

if TYPE_CHECKING:
    from pillion.tail.span import Span

LineState = Literal["whole", "middle", "skipping"]
"""At a position: a line begins; it is inside a line; it is inside one whose rest is unwanted."""


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
