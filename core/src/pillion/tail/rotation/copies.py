"""What lies beside a path: what has appeared there, and which of it is a copy of what is followed.

Rotation copies a file and cuts it then. Its content tells that a file is no copy of another, and
never that it is one: see `is_mere_copy` for what time has to say.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pillion.tail.fingerprint import HEAD_BYTES, TRAIL_BYTES, agrees, birth_of, key_of
from pillion.tail.rotation.siblings import (
    CLOCK_SLACK_NS,
    OldGenerations,
    is_original,
    last_change,
    steadily,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pillion.tail.checkpoint.format import Entry
    from pillion.tail.follower import Follower
    from pillion.tail.registry import Registry
    from pillion.tail.rotation.siblings import Sibling

AMBIGUOUS_BYTES = 64 * 1024
"""Two generations may begin with so much of the same; a banner is no longer than that."""


@dataclass(slots=True)
class Copies:
    """Finds what rotation has left beside a path.

    Attributes:
        registry: the generations that are held or done with.
        wall_ns: the wall clock.
        old: what lies beside paths.
    """

    registry: Registry
    wall_ns: Callable[[], int]
    old: OldGenerations = field(init=False)

    def __post_init__(self) -> None:
        self.old = OldGenerations(self.wall_ns)

    def appeared_beside(self, follower: Follower) -> list[Sibling]:
        """Return what has appeared beside a path since this was last asked, and nobody follows."""
        changed_ns = last_change(follower.directories)
        if changed_ns <= follower.beside_ns:
            return []
        found = self.unknown_beside(follower.path, follower.copied_since_ns)
        # What has just changed may change again at what the clock says is the same time, and
        # what is just written may not be whole.
        newest_ns = max([changed_ns, *[sibling.mtime_ns for sibling in found]])
        now_ns = self.wall_ns()
        if now_ns - newest_ns > CLOCK_SLACK_NS:
            follower.beside_ns, follower.beside_looked_ns = changed_ns, now_ns
        return found

    def has_changed_beside(self, follower: Follower) -> bool:
        """Return whether a name was added or taken away beside a path since this was last asked."""
        changed_ns = last_change(follower.directories)
        if changed_ns <= follower.beside_ns:
            return False
        # What has just changed may change again at what the clock says is the same time.
        if self.wall_ns() - changed_ns > CLOCK_SLACK_NS:
            follower.beside_ns = changed_ns
        return True

    def unknown_beside(self, path: str, since_ns: int) -> list[Sibling]:
        """Return the old generations that were written to since then, and that nobody follows."""
        return [
            sibling
            for sibling in self.old.beside(path)
            if sibling.touched_ns >= since_ns - CLOCK_SLACK_NS
            and not self.registry.is_taken(sibling.key, path, sibling.birth_ns)
        ]

    def was_filled_alike(self, entry: Entry, live: int, siblings: Iterable[Sibling]) -> bool:
        """Return whether a file was copied away, cut, and filled with what it began with before.

        Args:
            entry: what was read of it.
            live: the file, open.
            siblings: what has appeared beside it since.
        """
        mark = entry.fingerprint
        if not mark.head_length:
            return False
        for sibling in siblings:
            if sibling.size < mark.position or sibling.key == entry.key:
                continue
            descriptor = sibling.open()
            if descriptor is not None:
                try:
                    if agrees(descriptor, mark) and not self.is_done(descriptor):
                        return not is_mere_copy(sibling, descriptor, live)
                finally:
                    os.close(descriptor)
        return False

    def open_copied(self, entry: Entry) -> int | None:
        """Open the copy that rotation made of a generation before it was cut.

        The oldest one that was made since the generation began: those after it may begin alike,
        and are copies of what followed. Where none was, the newest one there is.
        """
        if not entry.fingerprint.head_length:
            return None
        return steadily(entry.path, lambda: self._open_copied(entry))

    def _open_copied(self, entry: Entry) -> int | None:
        mark = entry.fingerprint
        siblings = [
            sibling
            for sibling in self.old.beside(entry.path)
            if sibling.size >= mark.position and sibling.key not in self.registry.held
        ]
        since = entry.began_ns - CLOCK_SLACK_NS
        made_since = [sibling for sibling in siblings if sibling.made_ns >= since]
        before = [sibling for sibling in siblings if sibling.made_ns < since]
        made_since.sort(key=lambda sibling: sibling.made_ns)
        for sibling in (*made_since, *reversed(before)):
            descriptor = sibling.open()
            if descriptor is not None:
                if agrees(descriptor, mark) and not self.is_done(descriptor):
                    return descriptor
                os.close(descriptor)
        return None

    def is_done(self, descriptor: int) -> bool:
        """Return whether it is a generation that was read to its end."""
        done = self.registry.done_with(key_of(descriptor))
        return (
            done is not None
            and is_original(descriptor, done)
            and agrees(descriptor, done.fingerprint)
        )


def is_mere_copy(copy: Sibling, copied: int, live: int) -> bool:
    """Return whether a file was copied and then went on, in place of being cut and filled again.

    Args:
        copy: what lies beside it.
        copied: the same, open.
        live: the file, open.

    Where both begin with all that is in the copy, only time can tell: a file that was last
    written before the copy was made was not cut since. Else what is short, or the same again and
    again, may have been written twice, and is taken for that: better read again than never.
    """
    size = copy.size
    seen = os.fstat(live)
    if size > seen.st_size or (copy.birth_ns and birth_of(live) > copy.birth_ns):
        return False
    for length, at in ((min(size, HEAD_BYTES), 0), (min(size, TRAIL_BYTES), -1)):
        offset = size - length if at else 0
        if os.pread(copied, length, offset) != os.pread(live, length, offset):
            return False
    # At the same time is not before: a clock tick has room for a copy, a cut and a write.
    return seen.st_mtime_ns < copy.made_ns or not is_ambiguous(copied, size)


def is_ambiguous(descriptor: int, size: int) -> bool:
    """Return whether another generation may well begin with the same, up to this size.

    What is short may be a banner, and what ends as it went on before may be the same line again.
    """
    if size <= AMBIGUOUS_BYTES:
        return True
    block = os.pread(descriptor, AMBIGUOUS_BYTES, size - AMBIGUOUS_BYTES)
    trail = block[-TRAIL_BYTES:]
    return block.find(trail) < len(block) - len(trail)
