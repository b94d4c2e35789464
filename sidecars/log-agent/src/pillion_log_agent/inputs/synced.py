"""Positions that move only past what is on disk at the outputs too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.tail import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class SyncedCheckpoint(Checkpoint):
    """A checkpoint that has the outputs sync what they have written before each write of its own.

    So a crash of the node cannot leave a position behind which a record is nowhere. The tailer
    writes it once a second at most, and less often where that takes long.
    """

    __slots__ = ("_has_failed", "_sync")

    def __init__(self, directory: str, sync: Callable[[], None]) -> None:
        """Take the directory, and what syncs the outputs, which raises OSError."""
        super().__init__(directory)
        self._sync = sync
        self._has_failed = False

    def save(self, lines: Iterable[bytes], looked_ns: int) -> bool:
        """Sync the outputs, then keep the lines; return whether both are safe."""
        try:
            self._sync()
        except OSError as error:
            self.failures += 1
            if not self._has_failed and self._log is not None:
                self._log.error(
                    "an output cannot sync its files, so no position is kept; it is tried again",
                    error=error.strerror,
                )
            self._has_failed = True
            return False
        self._has_failed = False
        return super().save(lines, looked_ns)
