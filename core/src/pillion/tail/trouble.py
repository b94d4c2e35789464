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
        refused: paths that are there and cannot be read, each with a sentence that says why.
    """

    __slots__ = ("_log", "refused")

    def __init__(self, log: Logger) -> None:
        self._log = log
        self.refused: dict[str, str] = {}

    def is_missing(self, follower: Follower) -> None:
        """The path is not there (yet)."""
        if not follower.trouble and not follower.generations:
            self._log.info("waiting for a file to appear", path=follower.path)
        self._set(follower, "missing")

    def is_no_file(self, follower: Follower, seen: os.stat_result) -> None:
        """Something is there that is no regular file."""
        for is_kind, sentence in _KINDS:
            if is_kind(seen.st_mode) and follower.trouble != sentence:
                what = f"{follower.path} is {sentence.format(path=follower.path)}"
                self._log.error(what)
                self._set(follower, sentence, what)

    def cannot_open(self, follower: Follower, error: OSError) -> None:
        """The system refuses to open it, or to look at it."""
        trouble = error.strerror or str(error)
        if follower.trouble == trouble:
            return
        if error.errno in (errno.EACCES, errno.EPERM):
            why = explain_denied(follower.path, Identity.ours())
            self._log.error(why)
        else:
            why = f"{follower.path} cannot be opened: {trouble}"
            self._log.error("a file cannot be opened", path=follower.path, error=trouble)
        self._set(follower, trouble, why)

    def is_over(self, follower: Follower) -> None:
        """The file is open."""
        if follower.trouble:
            self._log.info("a file is there and is read now", path=follower.path)
        self._set(follower, "")

    def forget(self, follower: Follower) -> None:
        """The path is not followed any more."""
        self._set(follower, "")

    def _set(self, follower: Follower, trouble: str, why: str = "") -> None:
        follower.trouble = trouble
        if why:
            self.refused[follower.path] = why
        else:
            self.refused.pop(follower.path, None)
