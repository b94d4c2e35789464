"""What a reader keeps: its positions on disk, and the files that it has open."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pillion.tail.checkpoint.format import UnreadableError, decode

if TYPE_CHECKING:
    from pathlib import Path

    from pillion.tail.checkpoint.format import Snapshot


def open_inodes(pid: int) -> list[int]:
    """Return the inodes of the files that a process has open, once for each time."""
    directory = f"/proc/{pid}/fd"
    found = []
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return []  # it has just ended
    for name in names:
        try:
            found.append(os.stat(f"{directory}/{name}").st_ino)
        except OSError:
            continue
    return found


def kept_inodes(state: Path, path: Path) -> set[int]:
    """Return the inodes that a checkpoint knows of a path, with a byte of content to know them by.

    Of another path the same inode is another file, that was deleted before.
    """
    snapshot = best_copy(state)
    entries = snapshot.entries if snapshot is not None else ()
    return {
        entry.key[1]
        for entry in entries
        if entry.fingerprint.head_length and entry.path == str(path)
    }


def kept_positions(state: Path) -> tuple[dict[str, int], bool]:
    """Return the positions by identity in the best copy of a checkpoint, and whether it is one."""
    snapshot = best_copy(state)
    if snapshot is None:
        return {}, False
    kept = {e.identity: e.fingerprint.position for e in snapshot.entries if e.identity}
    return kept, bool(snapshot.looked_ns)


def best_copy(state: Path) -> Snapshot | None:
    """Return the checkpoint that a reader would start with."""
    for name in ("tail.checkpoint", "tail.checkpoint.new", "tail.checkpoint.previous"):
        try:
            return decode((state / name).read_bytes())
        except (OSError, UnreadableError):
            continue
    return None
