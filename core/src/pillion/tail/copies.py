"""What lies beside a path: what has appeared there, and which of it is a copy of what is followed.

Rotation copies a file and cuts it then. Its content tells that a file is no copy of another, and
never that it is one: see `rotation.is_mere_copy` for what time has to say.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.tail.fingerprint import agrees, key_of
from pillion.tail.rotation import (
    is_mere_copy,
    is_original,
    last_change,
    old_generations,
    steadily,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pillion.tail.checkpoint.format import Entry
    from pillion.tail.follower import Follower
    from pillion.tail.registry import Registry
    from pillion.tail.rotation import Sibling

CLOCK_SLACK_NS = 20_000_000
"""Time stamps of files come from a clock that is up to one tick of the kernel late."""


@dataclass(slots=True)
class Copies:
    """Finds what rotation has left beside a path.

    Attributes:
        registry: the generations that are held or done with.
        wall_ns: the wall clock.
    """

    registry: Registry
    wall_ns: Callable[[], int]

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
            for sibling in old_generations(path)
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
            for sibling in old_generations(entry.path)
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
