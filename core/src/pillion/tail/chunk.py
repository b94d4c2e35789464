"""What a tailer hands out: a block of whole lines, to be acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pillion.tail.generation import Generation

LineState = Literal["whole", "middle", "skipping"]
"""At a position: a line begins; it is inside a line; it is inside one whose rest is unwanted."""


NEWLINE = 0x0A


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
    """

    __slots__ = (
        "_generation",
        "after",
        "data",
        "end",
        "ends_line",
        "identity",
        "is_acked",
        "lines",
        "path",
        "start",
        "starts_line",
        "trail",
    )

    def __init__(
        self,
        generation: Generation,
        data: bytes,
        start: int,
        end: int,
        lines: int,
        *,
        starts_line: bool,
        after: LineState,
        trail: bytes,
    ) -> None:
        self._generation = generation
        self.path = generation.path
        self.identity = generation.identity
        self.data = data
        self.start = start
        self.end = end
        self.lines = lines
        self.starts_line = starts_line
        self.ends_line = data.endswith(b"\n")
        self.after = after
        self.trail = trail
        self.is_acked = False

    def __repr__(self) -> str:
        return f"Chunk({self.path!r}, {self.start}..{self.end}, lines={self.lines})"

    def ack(self) -> None:
        """Say that this chunk is where it should be, so that it need not be read again.

        The position moves once every chunk before it is acknowledged too. May be called from
        any thread, in any order, and again.
        """
        if not self.is_acked:
            self.is_acked = True
            self._generation.acknowledge(self)

    @property
    def has_more(self) -> bool:
        """Whether, at the last look, there was more behind it in its file that was not read."""
        return self._generation.has_unread

    def split(self, offset: int) -> Chunk:
        """Cut the chunk where a line begins; return what follows, to be acknowledged by itself.

        For who keeps the last lines back until more have come, and delivers what is before them.
        Only in the thread that steps the tailer, and before the chunk is acknowledged.

        Raises:
            ValueError: the offset is not inside the chunk, or no line begins there.
        """
        length = offset - self.start
        if self.is_acked or not 0 < length < len(self.data) or self.data[length - 1] != NEWLINE:
            raise ValueError(f"{self!r} cannot be cut at {offset}")
        rest = Chunk(
            self._generation,
            self.data[length:],
            offset,
            self.end,
            self.data.count(b"\n", length) + (not self.ends_line) if self.lines else 0,
            starts_line=True,
            after=self.after,
            trail=self.trail,
        )
        self.trail = self._generation.trail_inside(self, length)
        self.data = self.data[:length]
        self.end = offset
        self.lines -= rest.lines
        self.ends_line = True
        self.after = "whole"
        self._generation.hand_out_rest(self, rest)
        return rest
