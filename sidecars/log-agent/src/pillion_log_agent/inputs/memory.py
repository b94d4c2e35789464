"""Positions that outlive a reload and not the process, for inputs that keep none on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.tail import Checkpoint
from pillion.tail.checkpoint_format import Snapshot, decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

    from pillion.log import Logger


class MemoryCheckpoint(Checkpoint):
    """A checkpoint in a mapping that the tailers of one input hand on to each other."""

    __slots__ = ("_kept", "_name")

    def __init__(self, kept: MutableMapping[str, bytes], name: str) -> None:
        super().__init__("/")
        self._kept = kept
        self._name = name

    def load(self, log: Logger) -> Snapshot:
        """Return what the tailer before has left, if there was one."""
        self._log = log
        text = self._kept.get(self._name)
        return decode(text) if text is not None else Snapshot()

    def save(self, lines: Iterable[bytes], looked_ns: int) -> bool:
        """Keep the lines."""
        self._kept[self._name] = encode(lines, looked_ns)
        return True

    def close(self) -> None:
        """There is nothing to let go."""
