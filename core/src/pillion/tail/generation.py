"""One generation of a file: what is known about it, and how far it is read and acknowledged."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING
from zlib import crc32

from pillion.tail.checkpoint.format import Entry
from pillion.tail.fingerprint import (
    HEAD_BYTES,
    TRAIL_BYTES,
    Fingerprint,
    birth_of,
    name_generation,
    read_trail,
)
from pillion.tail.holes import NUL, end_of_hole

if TYPE_CHECKING:
    from pillion.tail.chunk import Span
    from pillion.tail.fingerprint import FileKey
    from pillion.tail.lines import LineState

CLOSED = -1


class Generation:
    """The content of one path from its creation to its rotation or truncation.

    Attributes:
        path: where it was found; a rename does not change it.
        key: device and inode.
        ordinal: which one it is of the generations of its path.
        identity: its name, that holds over restarts; see `name_generation`.
        descriptor: the open file, or CLOSED.
        offset: how far it is read and handed out.
        acked: how far it is acknowledged without a gap.
        size: bytes it had at the last look.
        mtime_ns: its time of change at the last look.
        line: how things stand at `offset`.
        acked_line: how things stand at `acked`.
        partial: the bytes of the unfinished last line, as far as they are kept in memory.
        partial_end: where the file ended when its last line was found unfinished; 0 for not.
        partial_since: when it was found so.
        detached_at: when it was found not to be at its path any more; None while it is there.
        grown_at: when it last had something new.
        behind_since: when the oldest unacknowledged part was seen, at the latest; None for none.
        behind_to: the end of that part.
        began_ns: wall time of the last look at its path before it was there.
        hole_at: where a hole may begin: at the place where it was cut, else at its beginning.
        hole_end: where the hole that was seen last ended; nothing can lengthen it but a cut.
        saved: how far it is acknowledged in the current copy of the checkpoint.
        covered: how far in the one before, too.
        is_truncated: its bytes are gone; only what is in flight or kept in memory keeps it.
    """

    __slots__ = (
        "_birth_ns",
        "acked",
        "acked_line",
        "acked_trail",
        "began_ns",
        "behind_since",
        "behind_to",
        "covered",
        "descriptor",
        "detached_at",
        "grown_at",
        "head_length",
        "head_sum",
        "hole_at",
        "hole_end",
        "identity",
        "in_flight",
        "is_truncated",
        "key",
        "line",
        "mtime_ns",
        "offset",
        "ordinal",
        "partial",
        "partial_end",
        "partial_since",
        "path",
        "reclaimed",
        "saved",
        "size",
        "trail",
    )

    def __init__(
        self,
        path: str,
        key: FileKey,
        ordinal: int,
        descriptor: int,
        *,
        now: float,
    ) -> None:
        self.path = path
        self.key = key
        self.ordinal = ordinal
        self.identity = ""
        self.descriptor = descriptor
        self.offset = 0
        self.acked = 0
        self.size = 0
        self.mtime_ns = 0
        self.line: LineState = "whole"
        self.acked_line: LineState = "whole"
        self.partial = b""
        self.partial_end = 0
        self.partial_since = 0.0
        self.detached_at: float | None = None
        self.grown_at = now
        self.behind_since: float | None = None
        self.behind_to = 0
        self.began_ns = 0
        self.hole_at = 0
        self.hole_end = -1
        self.saved = self.covered = 0
        self.is_truncated = False
        self._birth_ns = -1
        self.in_flight: deque[Span] | None = None
        self.head_length = 0
        self.head_sum = 0
        self.trail = b""
        self.acked_trail = b""
        self.reclaimed = 0

    @property
    def birth_ns(self) -> int:
        """When its file was created; 0 where that is not known."""
        if self._birth_ns < 0:
            if self.descriptor == CLOSED:
                return 0
            self._birth_ns = birth_of(self.descriptor)
        return self._birth_ns

    def move_to(self, descriptor: int, key: FileKey) -> None:
        """Go on in another file: the copy that was made of this one."""
        self.descriptor, self.key = descriptor, key
        self._birth_ns = -1

    def start_at(self, offset: int, line: LineState = "whole") -> None:
        """Begin reading at an offset of the open file; what is before it counts as taken."""
        self.offset = self.acked = offset
        self.line = self.acked_line = line
        self.trail = self.acked_trail = read_trail(self.descriptor, offset)
        if self.trail and not self.trail.strip(b"\0"):
            self.hole_at = offset  # it is in a hole, which may have grown
        self.extend_head()

    def name(self) -> None:
        """Give it its name, once there is something in it."""
        head = self.partial if self.is_truncated else os.pread(self.descriptor, HEAD_BYTES, 0)
        self.identity = name_generation(head[:HEAD_BYTES], self.path, self.key, self.ordinal)

    def extend_head(self) -> None:
        """Let the checksum of the head cover what has been seen since, up to HEAD_BYTES."""
        more = min(HEAD_BYTES, max(self.offset, self.size)) - self.head_length
        if more > 0 and self.descriptor != CLOSED:
            data = os.pread(self.descriptor, more, self.head_length)
            if not self.head_length and data.startswith(NUL):
                self.hole_end = end_of_hole(self.descriptor, 0)
            self.head_sum = crc32(data, self.head_sum)
            self.head_length += len(data)

    def restart_head(self) -> None:
        """Begin the checksum of the head again, after the end of a short file was cut."""
        self.head_length = self.head_sum = 0
        self.extend_head()

    def content_holds(self) -> bool:
        """Return whether the bytes before the position are still those that were read."""
        return read_trail(self.descriptor, self.offset) == self.trail

    def is_intact(self) -> bool:
        """Return whether its beginning is still the same, too."""
        head = os.pread(self.descriptor, self.head_length, 0)
        return crc32(head) == self.head_sum and self.content_holds()

    def grow(self, size: int, now: float) -> None:
        """Take note that there is something new."""
        self.size = size
        self.grown_at = now
        if self.head_length < HEAD_BYTES:
            self.extend_head()
        if self.behind_since is None:
            self.behind_since = now
            self.behind_to = size

    def hand_out(self, span: Span) -> None:
        """Move past a span and keep it until it is settled."""
        if self.in_flight is None:
            self.in_flight = deque()
        self.in_flight.append(span)
        self.offset = span.end
        self.line = span.after
        self.trail = span.trail
        self.partial = b""
        self.partial_end = 0

    def trail_after(self, data: bytes) -> bytes:
        """Return the trail as it is once `data` is read."""
        if len(data) >= TRAIL_BYTES:
            return data[-TRAIL_BYTES:]
        return (self.trail + data)[-TRAIL_BYTES:]

    def trail_inside(self, span: Span, length: int) -> bytes:
        """Return the trail as it was so many bytes into a span that is in flight."""
        head = span.data[:length]
        if length >= TRAIL_BYTES:
            return head[-TRAIL_BYTES:]
        before = self.acked_trail
        for other in self.in_flight or ():
            if other is span:
                break
            before = other.trail
        return (before + head)[-TRAIL_BYTES:]

    def hand_out_rest(self, span: Span, rest: Span) -> None:
        """Keep the second part of a span that was cut, behind the first."""
        if self.in_flight is not None:
            self.in_flight.insert(self.in_flight.index(span) + 1, rest)

    def settle(self) -> None:
        """Move the acknowledged position over every span that has no gap before it."""
        waiting = self.in_flight
        while waiting and waiting[0].is_settled:
            span = waiting.popleft()
            self.acked = span.end
            self.acked_line = span.after
            self.acked_trail = span.trail
        if not waiting:
            self.in_flight = None  # a deque takes 0.7 KB, and most files are quiet
        self.catch_up()

    def note_saved(self, position: int) -> None:
        """Take note that a checkpoint with this position is safe on disk."""
        self.covered, self.saved = self.saved, position

    def take_without_chunk(self, end: int) -> None:
        """Move both positions past bytes that were delivered without being seen."""
        self.offset = self.acked = end
        self.trail = self.acked_trail = read_trail(self.descriptor, end)
        self.partial_end = 0
        self.extend_head()
        self.catch_up()

    def catch_up(self) -> None:
        """Let the time since when it is behind follow the acknowledged position."""
        if self.acked >= self.size and not self.in_flight:
            self.behind_since = None
        elif self.acked >= self.behind_to and self.behind_since is not None:
            self.behind_since, self.behind_to = self.grown_at, self.size

    @property
    def has_in_flight(self) -> bool:
        """Whether something was handed out and is not acknowledged."""
        return bool(self.in_flight)

    @property
    def is_spent(self) -> bool:
        """Whether its bytes are gone, and all that was kept of them is acknowledged."""
        return self.is_truncated and not self.has_in_flight and not self.has_partial

    @property
    def has_partial(self) -> bool:
        """Whether all that is unread is the beginning of a line."""
        return self.partial_end > self.offset

    @property
    def has_unread(self) -> bool:
        """Whether there is something to read that was not found to be an unfinished line."""
        return not self.is_truncated and self.size > max(self.offset, self.partial_end)

    def entry(self, *, is_done: bool = False) -> Entry:
        """Return what a checkpoint keeps of it: how far it is acknowledged."""
        return self._entry(self.acked, self.acked_trail, self.acked_line, is_done=is_done)

    def entry_as_read(self) -> Entry:
        """Return the same for how far it is read, to find its content elsewhere."""
        return self._entry(self.offset, self.trail, self.line, is_done=False)

    def _entry(self, position: int, trail: bytes, line: LineState, *, is_done: bool) -> Entry:
        return Entry(
            path=self.path,
            key=self.key,
            ordinal=self.ordinal,
            identity=self.identity,
            size=max(self.size, position),
            line=line,
            is_done=is_done,
            birth_ns=self.birth_ns,
            began_ns=self.began_ns,
            fingerprint=Fingerprint(
                position=position,
                head_length=self.head_length,
                head_sum=self.head_sum,
                trail_length=len(trail),
                trail_sum=crc32(trail),
            ),
        )

    def close(self) -> None:
        """Close the file, if it is open."""
        if self.descriptor != CLOSED:
            os.close(self.descriptor)
            self.descriptor = CLOSED
