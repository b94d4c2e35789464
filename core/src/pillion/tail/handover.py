"""Open files that one tailer hands on to the next of the same process.

A file that was deleted lives for as long as someone has it open: when a configuration is
reloaded, its open file goes from hand to hand.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pillion.tail.generation import CLOSED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion.tail.fingerprint import FileKey
    from pillion.tail.generation import Generation


class OpenFiles:
    """Open files by device and inode; closed by whoever has them last."""

    __slots__ = ("_descriptors",)

    def __init__(self) -> None:
        self._descriptors: dict[FileKey, int] = {}

    def __len__(self) -> int:
        return len(self._descriptors)

    def gather(self, generations: Iterable[Generation]) -> None:
        """Take the open files of generations, which are without them from then on."""
        for generation in generations:
            if generation.descriptor != CLOSED:
                self._descriptors[generation.key] = generation.descriptor
                generation.descriptor = CLOSED

    def take(self, key: FileKey) -> int | None:
        """Give up a file, if it is here."""
        return self._descriptors.pop(key, None)

    def close(self) -> None:
        """Close those that nobody has taken."""
        for descriptor in self._descriptors.values():
            os.close(descriptor)
        self._descriptors.clear()
