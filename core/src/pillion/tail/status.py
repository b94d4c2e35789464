"""What a tailer can say of each file it follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pillion.tail.generation import Generation


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
