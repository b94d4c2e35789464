"""Positions that move only past what is on disk at the outputs too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pillion.log import Logger
    from pillion.tail.lowlevel import CheckpointStore, Snapshot


class SyncedCheckpoint:
    """A checkpoint that has the outputs sync what they have written before each write of its own.

    So a crash of the node cannot leave a position behind which a record is nowhere. The tailer
    writes it once a second at most, and less often where that takes long.
    """

    __slots__ = ("_has_failed", "_log", "_store", "_sync", "_sync_failures")

    def __init__(self, store: CheckpointStore, sync: Callable[[], None]) -> None:
        """Take where the positions go, and what syncs the outputs, which raises OSError."""
        self._store = store
        self._sync = sync
        self._log: Logger | None = None
        self._sync_failures = 0
        self._has_failed = False

    @property
    def writes(self) -> int:
        """How many writes have succeeded."""
        return self._store.writes

    @property
    def failures(self) -> int:
        """How many have failed, or were not begun since an output could not sync."""
        return self._store.failures + self._sync_failures

    @property
    def unreadable(self) -> int:
        """How many copies could not be read at the start."""
        return self._store.unreadable

    @property
    def was_lost(self) -> bool:
        """Whether there was a checkpoint, and no copy of it could be read."""
        return self._store.was_lost

    def load(self, log: Logger) -> Snapshot:
        """Take the store for this tailer and return what it holds."""
        self._log = log
        return self._store.load(log)

    def save(self, lines: Iterable[bytes], looked_ns: int) -> bool:
        """Sync the outputs, then keep the lines; return whether both are safe."""
        try:
            self._sync()
        except OSError as error:
            self._sync_failures += 1
            if not self._has_failed and self._log is not None:
                self._log.error(
                    "an output cannot sync its files, so no position is kept; it is tried again",
                    error=error.strerror,
                )
            self._has_failed = True
            return False
        self._has_failed = False
        return self._store.save(lines, looked_ns)

    def close(self) -> None:
        """Let the store go."""
        self._store.close()
