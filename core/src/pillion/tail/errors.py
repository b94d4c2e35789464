"""What keeps a path from being read: said once, with what would mend it, and when it is over."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pillion.log import Logger
    from pillion.tail.follower import Follower

READ = 4
SEARCH = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks.

    Attributes:
        uid: the effective user.
        gids: the effective group, then the supplementary ones.
    """

    uid: int
    gids: tuple[int, ...]

    @classmethod
    def ours(cls) -> Identity:
        """Return that of this process."""
        return cls(os.geteuid(), tuple(dict.fromkeys((os.getegid(), *os.getgroups()))))

    def may(self, bit: int, seen: os.stat_result) -> bool:
        """Return whether the mode grants READ or SEARCH, root's powers aside."""
        mode = seen.st_mode
        if seen.st_uid == self.uid:
            return bool(mode & (bit << 6))
        if seen.st_gid in self.gids:
            return bool(mode & (bit << 3))
        return bool(mode & bit)


def explain_denied(path: str, identity: Identity) -> str:
    """Return one sentence: what may not be read, why, and the `securityContext` that may."""
    culprit, seen, bit = _culprit(path, identity)
    us = f"this process has uid {identity.uid} and gids {', '.join(map(str, identity.gids))}"
    if seen is None:
        return f"{path} may not be read: permission denied, and {us}"
    verb = "listed and entered" if stat.S_ISDIR(seen.st_mode) else "read"
    owned = f"it belongs to {seen.st_uid}:{seen.st_gid} with mode {stat.S_IMODE(seen.st_mode):04o}"
    return f"{culprit} may not be {verb}: {owned}, and {us}; {_mend(seen, bit)}"


def _culprit(path: str, identity: Identity) -> tuple[str, os.stat_result | None, int]:
    """Return the first part of the path that is in the way, from the root on."""
    parts = path.split("/")
    for index in range(2, len(parts)):
        directory = "/".join(parts[:index])
        seen = _stat(directory)
        if seen is not None and not identity.may(SEARCH, seen):
            return directory, seen, SEARCH
    return path, _stat(path), READ


def _mend(seen: os.stat_result, bit: int) -> str:
    mode = seen.st_mode
    if mode & (bit << 3) and not seen.st_gid:
        return "in this container's securityContext, `runAsGroup: 0` mends it"
    if mode & (bit << 3):
        return (
            "in the pod's securityContext, `supplementalGroups: "
            f"[{seen.st_gid}]` or `fsGroup: {seen.st_gid}` mends it"
        )
    if mode & (bit << 6):
        return (
            f"in this container's securityContext, `runAsUser: {seen.st_uid}` mends it, or let the "
            "application create its files with group read and set `fsGroup` for the pod"
        )
    return "its own owner may not either, so its mode must change first"


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


_KINDS = (
    (stat.S_ISDIR, "a directory; name its files with a glob, such as {path}/*.log"),
    (stat.S_ISFIFO, "a FIFO, which has no positions to go on from; only regular files are read"),
    (stat.S_ISSOCK, "a socket; only regular files are read"),
    (stat.S_ISCHR, "a character device; only regular files are read"),
    (stat.S_ISBLK, "a block device; only regular files are read"),
)


class PathErrors:
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
