"""A chunk of a file in the parts that records are made of: lines, and a piece of one. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion_log_agent.records.receipt import ChunkAck, Countdown

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.tail import Chunk


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a chunk.

    Attributes:
        data: the bytes.
        start: where they stand in the file.
        starts_line: the first bytes do not go on with a line of before.
        ack: to be called when what was made of them is where it should be.
    """

    data: bytes
    start: int
    starts_line: bool
    ack: Callable[[], None]

    @property
    def is_piece(self) -> bool:
        """Whether the line goes on, or may go on: it has no newline."""
        return not self.data.endswith(b"\n")


def parts_of(chunk: Chunk) -> list[Part]:
    """Return a chunk's whole lines, and apart from them the last one if it is a piece."""
    data, start = chunk.data, chunk.start
    end = len(data) if chunk.ends_line else data.rfind(b"\n") + 1
    if not 0 < end < len(data):
        return [Part(data, start, chunk.starts_line, ChunkAck(chunk))]
    both = Countdown(ChunkAck(chunk))
    both.hold()
    return [
        Part(data[:end], start, chunk.starts_line, both.release),
        Part(data[end:], start + end, starts_line=True, ack=both.release),
    ]
