"""Reading in turns: a file that has something gives one chunk, and goes to the end of the row."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from pillion.tail.generation import CLOSED
from pillion.tail.holes import is_hole_at
from pillion.tail.reader.blocks import ContentChangedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.tail.chunk import Chunk, SpanSource
    from pillion.tail.follower import Follower
    from pillion.tail.generation import Generation
    from pillion.tail.options import TailOptions
    from pillion.tail.reader.blocks import Reader
    from pillion.tail.reconciler import Reconciler

    Copy = Callable[[int, int, int], int]

STEP_BYTES = 1024 * 1024
"""After so much a step ends, so that what was read is on its way before more is."""


class Turns:
    """The row of followers that have something to read.

    Attributes:
        flush: deliver unfinished last lines at once.
    """

    __slots__ = (
        "_is_full",
        "_options",
        "_reader",
        "_reconciler",
        "_row",
        "flush",
    )

    def __init__(
        self,
        options: TailOptions,
        reader: Reader,
        reconciler: Reconciler,
    ) -> None:
        self._options = options
        self._reader = reader
        self._reconciler = reconciler
        self._row: deque[Follower] = deque()
        self._is_full = False
        self.flush = False

    @property
    def has_ready(self) -> bool:
        """Whether anyone has something to read."""
        return bool(self._row)

    @property
    def is_ready(self) -> bool:
        """Whether a step would read something: someone has something, and there is room."""
        return self.has_ready and not self._is_full and not self._reader.is_heavy

    def queue(self, follower: Follower, now: float) -> None:
        """Put a follower at the end of the row, if it has something and is not there yet."""
        patience = 0.0 if self.flush else self._options.partial_flush
        if not follower.is_ready and follower.readable(now, patience) is not None:
            follower.is_ready = True
            self._row.append(follower)

    def settle(self, generation: SpanSource) -> None:
        """Take note that something of a generation was acknowledged."""
        self._is_full = False
        generation.settle()

    def read(self, now: float) -> tuple[list[Chunk], bool]:
        """Return a chunk of each in turn, until there is enough, or no more, or no room.

        And whether a generation was given its name, which is in no checkpoint yet.
        """
        chunks: list[Chunk] = []
        has_named = False
        budget = STEP_BYTES
        while budget > 0 and self.is_ready:
            follower = self._row.popleft()
            follower.is_ready = False
            turn = self._turn(follower, now)
            if turn is None:
                continue
            generation, flush = turn
            try:
                chunk, is_full, is_named = self._reader.read(generation, now, flush=flush)
            except ContentChangedError:
                self._reconciler.truncated(follower, generation, now)
                self.queue(follower, now)
                continue
            except OSError as error:
                self._reconciler.failed(generation, error, now)
                continue
            if chunk is not None:
                chunks.append(chunk)
                budget -= len(chunk.data)
                has_named |= is_named
            if is_full:
                self._is_full = True
                follower.is_ready = True
                self._row.appendleft(follower)
            else:
                self.queue(follower, now)
        return chunks, has_named

    def pump(self, copy: Copy, now: float) -> int:
        """Let `copy` move the bytes of each in turn; return how many it moved."""
        ledger = self._reader.ledger
        moved = 0
        while self._row and moved < STEP_BYTES:
            follower = self._row.popleft()
            follower.is_ready = False
            turn = self._turn(follower, now)
            if turn is None:
                continue
            generation, _ = turn
            try:
                if not (
                    generation.content_holds() if generation.offset else generation.is_intact()
                ):
                    self._reconciler.truncated(follower, generation, now)
                    self.queue(follower, now)
                    continue
                count = self._copy(generation, copy)
            except ContentChangedError:
                self._reconciler.truncated(follower, generation, now)
                self.queue(follower, now)
                continue
            except OSError as error:
                self._reconciler.failed(generation, error, now)
                continue
            end = generation.offset + count
            generation.size = max(generation.size, end) if count else end
            generation.take_without_chunk(end)
            ledger.bytes_read += count
            ledger.bytes_delivered += count
            moved += count
            self.queue(follower, now)
        return moved

    def _copy(self, generation: Generation, copy: Copy) -> int:
        if not generation.identity:
            generation.name()
        if generation.hole_at == generation.offset:
            self._reader.skip_hole(generation)
        if generation.offset == generation.hole_end and is_hole_at(
            generation.descriptor, generation.offset
        ):
            raise ContentChangedError
        return copy(generation.descriptor, generation.offset, STEP_BYTES)

    def _turn(self, follower: Follower, now: float) -> tuple[Generation, bool] | None:
        """Return what to read of a follower, open unless its bytes are gone."""
        patience = 0.0 if self.flush else self._options.partial_flush
        turn = follower.readable(now, patience)
        if turn is None:
            return None
        generation = turn[0]
        try:
            is_parked = generation.descriptor == CLOSED and not generation.is_truncated
            if is_parked and not self._reconciler.reopen(generation):
                return None
        except OSError as error:
            self._reconciler.failed(generation, error, now)
            return None
        return turn
