"""Why a file may not be read, in the words that mend it: the owner, the mode, and a manifest."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

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
