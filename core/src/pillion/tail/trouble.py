"""What keeps a path from being read: said once, with what would mend it, and when it is over."""

from __future__ import annotations

import errno
import stat
from typing import TYPE_CHECKING

from pillion.tail.access import Identity, explain_denied

if TYPE_CHECKING:
    import os

    from pillion.log import Logger
    from pillion.tail.follower import Follower

_KINDS = (
    (stat.S_ISDIR, "a directory; name its files with a glob, such as {path}/*.log"),
    (stat.S_ISFIFO, "a FIFO, which has no positions to go on from; only regular files are read"),
    (stat.S_ISSOCK, "a socket; only regular files are read"),
    (stat.S_ISCHR, "a character device; only regular files are read"),
    (stat.S_ISBLK, "a block device; only regular files are read"),
)


class Troubles:
    """Reports each trouble of each path once, for as long as it lasts.

    Attributes:
        count: paths that are there and cannot be read.
    """

    __slots__ = ("_log", "count")

    def __init__(self, log: Logger) -> None:
        self._log = log
        self.count = 0

    def is_missing(self, follower: Follower) -> None:
        """The path is not there (yet)."""
        if not follower.trouble and not follower.generations:
            self._log.info("waiting for a file to appear", path=follower.path)
        self._set(follower, "missing")

    def is_no_file(self, follower: Follower, seen: os.stat_result) -> None:
        """Something is there that is no regular file."""
        for is_kind, sentence in _KINDS:
            if is_kind(seen.st_mode) and follower.trouble != sentence:
                what = sentence.format(path=follower.path)
                self._log.error(f"{follower.path} is {what}")
                self._set(follower, sentence)

    def cannot_open(self, follower: Follower, error: OSError) -> None:
        """The system refuses to open it, or to look at it."""
        trouble = error.strerror or str(error)
        if follower.trouble == trouble:
            return
        self._set(follower, trouble)
        if error.errno in (errno.EACCES, errno.EPERM):
            self._log.error(explain_denied(follower.path, Identity.ours()))
        else:
            self._log.error("a file cannot be opened", path=follower.path, error=trouble)

    def is_over(self, follower: Follower) -> None:
        """The file is open."""
        if follower.trouble:
            self._log.info("a file is there and is read now", path=follower.path)
        self._set(follower, "")

    def forget(self, follower: Follower) -> None:
        """The path is not followed any more."""
        self._set(follower, "")

    def _set(self, follower: Follower, trouble: str) -> None:
        counts = ("", "missing")
        self.count += (trouble not in counts) - (follower.trouble not in counts)
        follower.trouble = trouble
