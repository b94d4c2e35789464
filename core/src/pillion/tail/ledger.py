"""The ledger: what became of every byte that was read, as plain integers.

It balances at any moment: `read = delivered + dropped + in flight`, in bytes, and in lines
where they are counted.
Metrics are made from it at a scrape; the reading itself pays for nothing but additions.
"""

from __future__ import annotations

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
        """Known to be lost, for whatever reason."""
        return sum(self.lost.values())
