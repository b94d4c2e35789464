"""What became of every byte, and what can be said of each file.

The ledger balances at any moment: `read = delivered + dropped + in flight`, in bytes, and in lines
where they are counted. The reading itself pays for nothing but additions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pillion.tail.generation import Generation

TRUNCATED_UNREAD = "truncated_unread"
DELETED_UNREAD = "deleted_unread"
ROTATED_UNREAD = "rotated_unread"
READ_ERROR = "read_error"
LOSSES = (TRUNCATED_UNREAD, DELETED_UNREAD, ROTATED_UNREAD, READ_ERROR)
LONG_LINE = "long_line"
HOLE = "hole"
DROPS = (LONG_LINE, HOLE)


class Ledger:
    """The account of one tailer. Written by the tailer, read by anyone.

    Attributes:
        bytes_read: handed out in chunks, or dropped; a byte that is looked at twice counts once.
        lines_read: newlines in them, and each unterminated piece.
        bytes_delivered: acknowledged.
        lines_delivered: acknowledged.
        dropped: bytes read and not handed out, by reason: the rest of a long line
            (`long_lines="truncate"`), and NULs where a file was cut under its writer.
        long_lines: lines that were longer than `max_line_bytes`.
        partial_lines: last lines that were delivered without a newline.
        lost: bytes known to be gone before they were read, by reason. A lower bound: what was
            written after the last look cannot be known.
        rotations: generations that were followed by another at the same path.
        truncations: of these, the ones where the file itself was cut.
        read_errors: reads that the operating system refused.
        bytes_reclaimed: given back to the file system.
    """

    __slots__ = (
        "bytes_delivered",
        "bytes_read",
        "bytes_reclaimed",
        "dropped",
        "lines_delivered",
        "lines_read",
        "long_lines",
        "lost",
        "partial_lines",
        "read_errors",
        "rotations",
        "truncations",
    )

    def __init__(self) -> None:
        self.bytes_read = 0
        self.lines_read = 0
        self.bytes_delivered = 0
        self.lines_delivered = 0
        self.dropped = dict.fromkeys(DROPS, 0)
        self.long_lines = 0
        self.partial_lines = 0
        self.lost = dict.fromkeys(LOSSES, 0)
        self.rotations = 0
        self.truncations = 0
        self.read_errors = 0
        self.bytes_reclaimed = 0

    @property
    def bytes_dropped(self) -> int:
        """Read and not handed out, for whatever reason."""
        return sum(self.dropped.values())

    @property
    def bytes_in_flight(self) -> int:
        """Handed out and not acknowledged yet."""
        return self.bytes_read - self.bytes_delivered - self.bytes_dropped

    @property
    def lines_in_flight(self) -> int:
        """Handed out and not acknowledged yet."""
        return self.lines_read - self.lines_delivered

    @property
    def bytes_lost(self) -> int:
        """Registry to be lost, for whatever reason."""
        return sum(self.lost.values())


@dataclass(frozen=True, slots=True)
class FileStatus:
    """One generation that is being followed.

    Attributes:
        path: where it was found.
        identity: its name that holds over restarts; empty until something was read.
        size: bytes in it at the last look.
        read: how far it is read and handed out.
        acked: how far it is acknowledged.
        lag_bytes: bytes that are not acknowledged.
        lag_seconds: how long the oldest of them have been waiting; 0 when there are none.
        is_live: it is what is at the path now, and no rotated or deleted one.
        is_open: it is held open.
    """

    path: str
    identity: str
    size: int
    read: int
    acked: int
    lag_bytes: int
    lag_seconds: float
    is_live: bool
    is_open: bool


def status_of(generation: Generation, now: float) -> FileStatus:
    """Return what can be said of a generation."""
    since = generation.behind_since
    return FileStatus(
        path=generation.path,
        identity=generation.identity,
        size=generation.size,
        read=generation.offset,
        acked=generation.acked,
        lag_bytes=max(0, generation.size - generation.acked),
        lag_seconds=max(0.0, now - since) if since is not None else 0.0,
        is_live=generation.detached_at is None and not generation.is_truncated,
        is_open=generation.descriptor >= 0,
    )
