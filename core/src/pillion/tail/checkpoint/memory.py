"""Positions that outlive a tailer and not the process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.tail.checkpoint.format import Snapshot, decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

    from pillion.log import Logger


class MemoryCheckpoint:
    """A checkpoint in a mapping, by a name: what one tailer leaves there the next one takes up.

    Attributes:
        writes: how many writes have succeeded.
        failures: none fails.
        unreadable: none is.
        was_lost: none is.
    """

    __slots__ = ("_kept", "_name", "failures", "unreadable", "was_lost", "writes")

    def __init__(self, kept: MutableMapping[str, bytes], name: str) -> None:
        self._kept = kept
        self._name = name
        self.writes = self.failures = self.unreadable = 0
        self.was_lost = False

    def load(self, log: Logger) -> Snapshot:  # noqa: ARG002  # there is nothing to report
        """Return what the tailer before has left, if there was one."""
        text = self._kept.get(self._name)
        return decode(text) if text is not None else Snapshot()

    def save(self, lines: Iterable[bytes], looked_ns: int) -> bool:
        """Keep the lines."""
        self._kept[self._name] = encode(lines, looked_ns)
        self.writes += 1
        return True

    def close(self) -> None:
        """There is nothing to let go."""
