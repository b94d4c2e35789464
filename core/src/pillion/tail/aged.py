"""Files that are older than is wanted: left out until they are written to again.

What was in such a file then counts as old; what is added to it is read.
"""

from __future__ import annotations

import os
from stat import S_ISREG
from typing import TYPE_CHECKING

from pillion.tail.options import FromOffset

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from pillion.log import Logger
    from pillion.tail.fingerprint import FileKey

SECOND = 1_000_000_000


class AgedFiles:
    """The paths that are left out, each with the file that was there and its size.

    Attributes:
        most_seconds: how long ago a file may have been written to last; 0 for however long.
    """

    __slots__ = ("_found", "_log", "_news", "_wall_ns", "most_seconds")

    def __init__(self, most_seconds: float, wall_ns: Callable[[], int], log: Logger) -> None:
        self.most_seconds = most_seconds
        self._wall_ns = wall_ns
        self._log = log
        self._found: dict[str, tuple[FileKey, int]] = {}
        self._news = 0

    def __contains__(self, path: object) -> bool:
        return path in self._found

    def leaves_out(self, path: str) -> bool:
        """Return whether what is at a path that is not followed is too old; remember its size."""
        if not self.most_seconds:
            return False
        try:
            seen = os.stat(path)
        except OSError:
            return False  # whoever opens it will say so
        oldest = self._wall_ns() - int(self.most_seconds * SECOND)
        if not S_ISREG(seen.st_mode) or seen.st_mtime_ns >= oldest:
            return False
        self._news += path not in self._found
        self._found[path] = (seen.st_dev, seen.st_ino), seen.st_size
        return True

    def start_of(self, path: str) -> FromOffset | None:
        """Return where to start in what is at a path now; None where it was not left out.

        A file that was cut meanwhile, or has taken the place of the one that was left out, is new.
        """
        key, size = self._found.pop(path, (None, 0))
        if key is None:
            return None
        try:
            seen = os.stat(path)
        except OSError:
            return None
        is_same = (seen.st_dev, seen.st_ino) == key and seen.st_size >= size
        return FromOffset(size) if is_same else None

    def report(self, there: Container[str]) -> None:
        """Say how many were left out since the last time, and forget those that are gone."""
        if self._news:
            self._log.info("files are left out until they are written to", too_old=self._news)
            self._news = 0
        for path in [path for path in self._found if path not in there]:
            del self._found[path]
