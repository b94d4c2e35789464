"""One path that is followed: its generations, oldest first, and when to look at it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion.tail.checkpoint.format import Entry
    from pillion.tail.generation import Generation
    from pillion.tail.options import Start

LIVELY_SECONDS = 0.025
"""How long after something new a file is still looked at as often as can be."""
BULK_BYTES = 4096
BULK_INTERVAL = 0.012
BUSY_GAP = 0.1
BUSY_GROWTHS = 3
BUSY_SECONDS = 1.0


class Follower:
    """A path, and what was and is there.

    Attributes:
        path: the absolute path.
        directory: where that is.
        entries: what the checkpoint has of it, until that could be taken up.
        generations: oldest first; the last one is at the path, unless it is detached.
        next_ordinal: of the generation that appears next.
        looked_ns: wall time of the last look that found something, in nanoseconds.
        beside_ns: when something had last changed beside it, as far as that was looked into.
        beside_looked_ns: wall time at which it was looked into; 0 for never.
        looked_at: the same by the monotonic clock; 0 when another process made it.
        due: when to look again.
        interval: how long after that, if nothing is new.
        is_ready: it waits for its turn to be read.
        is_wanted: a pattern still stands for it, and it may yet appear.
        start: where to start in a file that is there at the first look; None for its beginning.
        trouble: what keeps it from being read; empty for nothing.
        unsearched_ns: since when what came and went is to be looked for beside it; 0 for not.
        target: the path that a link leads to; empty where the path is no link.
    """

    __slots__ = (
        "_grown_at",
        "_growths",
        "beside_looked_ns",
        "beside_ns",
        "directory",
        "due",
        "entries",
        "generations",
        "interval",
        "is_ready",
        "is_wanted",
        "looked_at",
        "looked_ns",
        "next_ordinal",
        "path",
        "start",
        "target",
        "trouble",
        "unsearched_ns",
    )

    def __init__(self, path: str, interval: float) -> None:
        self.path = path
        self.directory = path.rpartition("/")[0] or "/"
        self.entries: Sequence[Entry] = ()
        self.generations: list[Generation] = []
        self.next_ordinal = 0
        self.looked_ns = 0
        self.looked_at = 0.0
        self.beside_ns = 0
        self.beside_looked_ns = 0
        self.due = 0.0
        self.interval = interval
        self.is_ready = False
        self.is_wanted = True
        self.start: Start | None = None
        self.trouble = ""
        self.target = ""
        self.unsearched_ns = 0
        self._grown_at = 0.0
        self._growths = 0

    @property
    def live(self) -> Generation | None:
        """The generation that is at the path, if it is there."""
        if not self.generations:
            return None
        last = self.generations[-1]
        return last if last.detached_at is None and not last.is_truncated else None

    @property
    def directories(self) -> tuple[str, ...]:
        """Where to watch for it: a link also where it leads."""
        if not self.target:
            return (self.directory,)
        return self.directory, self.target.rpartition("/")[0] or "/"

    @property
    def searched_ns(self) -> int:
        """The wall time up to which nothing was missed."""
        return self.unsearched_ns or self.looked_ns

    @property
    def copied_since_ns(self) -> int:
        """The wall time since when a copy of what is at the path may have been made unseen."""
        live = self.live
        began_ns = live.began_ns if live is not None else self.looked_ns
        return min(self.looked_ns, max(self.beside_looked_ns, began_ns))

    def looked(self, now: float, wall_ns: int) -> None:
        """Take note of a look."""
        self.looked_at = now
        self.looked_ns = wall_ns

    def note_clock(self, now: float, wall_ns: int) -> None:
        """Where the wall clock was set back since the last look, set the time of that look back.

        What was written since has earlier time stamps, and is new all the same.
        """
        if self.looked_at:
            elapsed = int((now - self.looked_at) * 1e9)
            self.looked_ns = min(self.looked_ns, wall_ns - elapsed)

    def put_live_last(self) -> None:
        """Put the generation that is at the path behind those that were found since."""
        self.generations.sort(key=lambda g: g.detached_at is None and not g.is_truncated)

    def size(self) -> int:
        """Return the bytes of all generations; a figure that changes when something is new."""
        return sum([generation.size for generation in self.generations])

    def readable(self, now: float, partial_flush: float) -> tuple[Generation, bool] | None:
        """Return the generation whose turn it is, and whether to flush its last line.

        A newer generation waits until the older one is read to its end, its unfinished last
        line included.
        """
        for generation in self.generations:
            if generation.has_unread:
                return generation, False
            if generation.has_partial:
                is_due = now - generation.partial_since >= partial_flush
                return (generation, True) if is_due else None
        return None

    def partial_since(self) -> float | None:
        """Return since when an unfinished last line has been waiting, if one is."""
        for generation in self.generations:
            if generation.has_partial:
                return generation.partial_since
        return None

    def has_grown(self, now: float, gained: int, *, least: float, most: float) -> None:
        """Take note that there was something new, and look again soon.

        Soonest where it comes again and again; less soon where it comes in bulk, since then fewer
        and larger reads cost less; and as soon as `most` where a hint will tell.
        """
        is_recurring = now - self._grown_at < BUSY_GAP
        self._growths = self._growths + 1 if is_recurring else 0
        self._grown_at = now
        if gained >= BULK_BYTES:
            self.interval = min(max(2 * self.interval, least), max(BULK_INTERVAL, least))
        else:
            self.interval = least if is_recurring else most

    def has_rested(self, now: float, poll_min: float, most: float) -> None:
        """Take note that there was nothing new, and look less often."""
        if now - self._grown_at >= LIVELY_SECONDS:
            self.interval = min(max(2 * self.interval, poll_min), most)

    def is_busy(self, now: float) -> bool:
        """Return whether it is written to so often that polling costs less than hints."""
        return self._growths >= BUSY_GROWTHS and now - self._grown_at < BUSY_SECONDS
