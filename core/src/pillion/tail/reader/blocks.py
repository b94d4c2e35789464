"""Reading one generation: the next block of whole lines from an open file.

Nothing is carried over in a buffer: what follows the last newline is read again when the file
has grown, so a position is always a place in the file, over rotation and restart.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from pillion.tail.chunk import Chunk, Span
from pillion.tail.fingerprint import read_trail
from pillion.tail.holes import end_of_hole, is_hole_at
from pillion.tail.lines import NEWLINE, piece_length, whole_lines
from pillion.tail.receipt import Receipt
from pillion.tail.rotation.copies import is_ambiguous
from pillion.tail.status import HOLE, LONG_LINE, READ_ERROR, TRUNCATED_UNREAD

if TYPE_CHECKING:
    from pillion.tail.chunk import SettledSpans
    from pillion.tail.generation import Generation
    from pillion.tail.lines import LineState
    from pillion.tail.options import TailOptions
    from pillion.tail.status import Ledger

KEPT_PARTIAL_BYTES = 64 * 1024
"""How much of an unfinished line is kept in memory in case its file is truncated."""
KEPT_PARTIALS_BYTES = 1024 * 1024
"""The same over all files."""
SKIP_BYTES = 1024 * 1024


class Reading(NamedTuple):
    """What came of reading on in a generation.

    Attributes:
        chunk: what is handed out; None for nothing.
        is_full: nothing was read, since too much is in flight.
        is_named: the generation was given its name, which is in no checkpoint yet.
    """

    chunk: Chunk | None = None
    is_full: bool = False
    is_named: bool = False


NOTHING = Reading()
NO_ROOM = Reading(is_full=True)


class ContentChangedError(Exception):
    """What was read of a file is not in it any more."""


@dataclass(slots=True)
class Reader:
    """Reads generations, within the options, and keeps the ledger.

    Attributes:
        options: how to read.
        ledger: where it is accounted for.
        settled: where what was handed out comes back.
        partial_bytes: unfinished lines that are kept in memory, over all files.
    """

    options: TailOptions
    ledger: Ledger
    settled: SettledSpans
    partial_bytes: int = 0

    @property
    def room(self) -> int:
        """How many more bytes may be handed out before something is acknowledged."""
        return self.options.in_flight_bytes - self.ledger.bytes_in_flight

    @property
    def is_heavy(self) -> bool:
        """Whether what is in flight takes too much memory, with what came of its bytes."""
        beside = self.settled.weight
        return beside > 0 and beside > self.room

    def read(self, generation: Generation, now: float, *, flush: bool = False) -> Reading:
        """Return the next chunk, if there is a whole line, and room.

        Args:
            generation: what to read, open.
            now: the monotonic time.
            flush: deliver a last line without its newline too.

        Raises:
            ContentChangedError: the file was truncated, and perhaps filled again.
            OSError: the file cannot be read.
        """
        if generation.is_truncated:
            return self._deliver_kept(generation)
        if not flush and self._is_still_partial(generation, now):
            return NOTHING
        self._drop_partial(generation)
        if generation.hole_at == generation.offset:
            self.skip_hole(generation)
        if generation.line == "skipping":
            self._skip(generation)
            if generation.line == "skipping":
                return NOTHING
        block = self._block(generation)
        if block is None:
            return NO_ROOM
        limit = self.options.max_line_bytes
        length = whole_lines(block, limit)
        if length:
            return self._deliver(generation, block[:length] if length < len(block) else block)
        if len(block) > limit:
            return self._deliver_long(generation, block, limit)
        is_cut = generation.offset + len(block) == generation.hole_at
        if block and (flush or is_cut):
            self.ledger.partial_lines += 1
            return self._deliver(generation, block, after="whole" if is_cut else "middle")
        self._keep_partial(generation, block, now)
        return NOTHING

    def lose_what_was_cut(self, generation: Generation) -> int:
        """Count what is left of a truncated generation as lost; return how much that is.

        Its unfinished line is handed out at its next turn, as far as it was kept in memory.
        """
        kept = generation.offset + len(generation.partial)
        lost = max(0, generation.size - kept)
        self.ledger.lost[TRUNCATED_UNREAD] += lost
        generation.size = generation.partial_end = kept
        generation.partial_since = -inf
        return lost

    def lose(self, generation: Generation, reason: str) -> int:
        """Count what is left of a generation as lost; return how much that is known to be."""
        unread = max(0, generation.size - generation.offset)
        self.ledger.lost[reason] += unread
        self.set_aside(generation)
        return unread

    def set_aside(self, generation: Generation) -> None:
        """Read no further in a generation."""
        self._drop_partial(generation)
        generation.size = generation.offset
        generation.partial_end = 0

    def fail(self, generation: Generation) -> None:
        """Give up a generation that can no longer be read."""
        self.lose(generation, READ_ERROR)

    def _is_still_partial(self, generation: Generation, now: float) -> bool:
        """Look at what was added to a long unfinished line, and not at all of it again."""
        known = generation.partial_end - generation.offset
        if known <= KEPT_PARTIAL_BYTES:
            return False
        added = os.pread(generation.descriptor, SKIP_BYTES, generation.partial_end)
        if not added or NEWLINE in added or known + len(added) > self.options.max_line_bytes:
            return False
        generation.partial_end += len(added)
        generation.partial_since = now
        generation.size = max(generation.size, generation.partial_end)
        return True

    def _block(self, generation: Generation) -> bytes | None:
        """Return a block that holds a whole line or more than the limit, or all there is.

        None where there is no room for it.
        """
        wanted = self.options.chunk_bytes
        if self.room < wanted:
            return None
        wanted = min(wanted, self._up_to_hole(generation) or wanted)
        block = self._pread(generation, wanted)
        limit = self.options.max_line_bytes
        is_cut = generation.offset + len(block) == generation.hole_at
        if len(block) == wanted <= limit and NEWLINE not in block and not is_cut:
            if self.room <= limit:
                return None
            block = self._pread(generation, limit + 1)
        self._note_end(generation, len(block), wanted)
        return block

    @staticmethod
    def _up_to_hole(generation: Generation) -> int:
        """Return how many bytes are before the place where the file was cut; 0 without one."""
        length = generation.hole_at - generation.offset
        if length > 0 and is_hole_at(generation.descriptor, generation.hole_at):
            return length
        return 0

    def _note_end(self, generation: Generation, length: int, wanted: int) -> None:
        """Take note that the file has grown since the look, or was cut."""
        end = generation.offset + length
        if end >= generation.size:
            generation.size = end
        elif length < wanted:
            if is_ambiguous(generation.descriptor, generation.offset):
                raise ContentChangedError
            self.ledger.lost[TRUNCATED_UNREAD] += generation.size - end
            generation.size = end

    def _pread(self, generation: Generation, count: int) -> bytes:
        """Read on, and in the same call what was there before: it may be another file by now."""
        trail = generation.trail
        known = len(trail)
        data = os.pread(generation.descriptor, known + count, generation.offset - known)
        if known:
            if data[:known] != trail:
                raise ContentChangedError
            if generation.offset == generation.hole_end and data[known : known + 1] == b"\0":
                raise ContentChangedError  # cut, and written to behind a longer hole
            return data[known:]
        if generation.head_length <= count:
            head = data[: generation.head_length]
            if len(head) < generation.head_length or crc32(head) != generation.head_sum:
                raise ContentChangedError
        return data

    def _deliver_kept(self, generation: Generation) -> Reading:
        """Hand out the unfinished line of a generation that was truncated."""
        if len(generation.partial) > self.room:
            return NO_ROOM
        self.partial_bytes -= len(generation.partial)
        self.ledger.partial_lines += 1
        return self._deliver(generation, generation.partial, after="middle")

    def _deliver(
        self, generation: Generation, data: bytes, *, after: LineState = "whole"
    ) -> Reading:
        is_named = not generation.identity
        if is_named:
            generation.name()
        lines = 0
        if self.options.count_lines:
            lines = data.count(NEWLINE) + (not data.endswith(NEWLINE))
        start = generation.offset
        span = Span(
            generation,
            data,
            start,
            start + len(data),
            lines,
            after=after,
            trail=generation.trail_after(data),
            settled=self.settled,
        )
        chunk = Chunk(span, Receipt(span), starts_line=generation.line == "whole")
        generation.hand_out(span)
        self.ledger.bytes_read += len(data)
        self.ledger.lines_read += lines
        return Reading(chunk, is_named=is_named)

    def _deliver_long(self, generation: Generation, block: bytes, limit: int) -> Reading:
        if generation.line == "whole":
            self.ledger.long_lines += 1
        length = piece_length(block, limit)
        after: LineState = "middle" if self.options.long_lines == "split" else "skipping"
        return self._deliver(generation, block[:length], after=after)

    def skip_hole(self, generation: Generation) -> None:
        """Move past the NULs at the position, if there are any."""
        start, descriptor = generation.offset, generation.descriptor
        if is_hole_at(descriptor, start):
            end = end_of_hole(descriptor, start)
            if start == 0 and 0 <= generation.hole_end < min(end, generation.size):
                raise ContentChangedError
            generation.hole_end = end
            trail = read_trail(descriptor, end)
            self._drop(generation, end, after="whole", trail=trail, reason=HOLE)

    def _drop(
        self, generation: Generation, end: int, *, after: LineState, trail: bytes, reason: str
    ) -> None:
        """Move past bytes that are not handed out."""
        start = generation.offset
        dropped = Span(
            generation, b"", start, end, 0, after=after, trail=trail, settled=self.settled
        )
        dropped.is_settled = True
        generation.hand_out(dropped)
        generation.settle()
        generation.size = max(generation.size, end)
        self.ledger.bytes_read += end - start
        self.ledger.dropped[reason] += end - start

    def _skip(self, generation: Generation) -> None:
        """Move past the rest of a line of which the first piece was enough."""
        start = generation.offset
        block = os.pread(generation.descriptor, SKIP_BYTES, start)
        newline = block.find(NEWLINE)
        length = newline + 1 if newline >= 0 else len(block)
        if not length:
            generation.size = start
            return
        trail = generation.trail_after(block[:length])
        after: LineState = "skipping" if newline < 0 else "whole"
        self._drop(generation, start + length, after=after, trail=trail, reason=LONG_LINE)

    def _keep_partial(self, generation: Generation, block: bytes, now: float) -> None:
        end = generation.offset + len(block)
        if end > generation.partial_end:
            generation.partial_since = now
        generation.partial_end = end if block else 0
        fits = self.partial_bytes + len(block) <= KEPT_PARTIALS_BYTES
        if len(block) <= KEPT_PARTIAL_BYTES and fits:
            generation.partial = block
            self.partial_bytes += len(block)

    def _drop_partial(self, generation: Generation) -> None:
        self.partial_bytes -= len(generation.partial)
        generation.partial = b""
