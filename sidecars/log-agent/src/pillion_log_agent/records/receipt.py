"""Acknowledging a chunk whose lines leave in several batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion.tail import Chunk


class ChunkAck:
    """Acknowledges a chunk of a file, which may be cut for that."""

    __slots__ = ("_after", "_chunk")

    def __init__(self, chunk: Chunk, after: Callable[[], None] | None = None) -> None:
        self._chunk = chunk
        self._after = after

    def __call__(self) -> None:
        """Say that all of it is delivered."""
        self._chunk.ack()
        if self._after is not None:
            self._after()
            self._after = None

    def then(self, after: Callable[[], None]) -> ChunkAck:
        """Return the same that calls something once it is delivered, or the end of it is."""
        return ChunkAck(self._chunk, after)

    @property
    def has_more(self) -> bool:
        """Whether there is more behind it in its file that was not read."""
        return self._chunk.has_more

    def split(self, offset: int) -> ChunkAck | None:
        """Leave what begins at an offset to an acknowledgement of its own, and return that.

        None where no line begins there: it then stays whole.
        """
        try:
            rest = ChunkAck(self._chunk.split(offset), self._after)
        except ValueError:
            return None
        self._after = None
        return rest


class Countdown:
    """Acknowledges a chunk once all that came of it has been delivered."""

    __slots__ = ("_ack", "_count")

    def __init__(self, ack: Callable[[], None]) -> None:
        self._ack = ack
        self._count = 1

    @property
    def has_more(self) -> bool:
        """Whether there is more behind it that was not read."""
        return isinstance(self._ack, ChunkAck) and self._ack.has_more

    def split(self, offset: int) -> Countdown | None:
        """Return a countdown for what begins at an offset, None where it cannot be cut off.

        So what is before need not wait for a record whose first line is there.
        """
        rest = self._ack.split(offset) if isinstance(self._ack, ChunkAck) else None
        return Countdown(rest) if rest is not None else None

    def hold(self) -> None:
        """Wait for one thing more."""
        self._count += 1

    def release(self) -> None:
        """Say that one thing is delivered."""
        self._count -= 1
        if self._count == 0:
            self._ack()


def releasing(chunks: Sequence[Countdown]) -> Callable[[], None]:
    """Return what releases each of the chunks once."""

    def release() -> None:
        for chunk in chunks:
            chunk.release()

    return release
