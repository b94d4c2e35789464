"""Which paths are followed, and when each is looked at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pillion.tail.aged import AgedFiles
from pillion.tail.follower import Follower
from pillion.tail.rotation.siblings import CLOCK_SLACK_NS, last_change
from pillion.tail.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pillion.log import Logger
    from pillion.tail.checkpoint.format import Entry
    from pillion.tail.checkpoint.writer import CheckpointWriter
    from pillion.tail.glob.search import Found, GlobSearch
    from pillion.tail.options import TailOptions
    from pillion.tail.reconciler import Reconciler
    from pillion.tail.resumption import Resumption
    from pillion.tail.wakers import Waker

LOOK_SECONDS_FOR_EACH = 0.0005
WATCHED_SECONDS_FOR_EACH = 0.001
"""With many files a round of looks takes its time, so that it costs some 1 or 2 % of a core."""
SCAN_COST_FACTOR = 50
"""A search that takes long is made less often: it may cost 2 % of the time."""
SOONEST_SCAN = 0.05
WATCHED_SCANS = 5


class Scanner:
    """The followers: found by searching, looked at in turn, let go when nothing is left.

    Attributes:
        followers: by path.
        scan_due: when to search again.
    """

    __slots__ = (
        "_aged",
        "_discovery",
        "_empty",
        "_found",
        "_is_fresh",
        "_log",
        "_options",
        "_pending",
        "_reconciler",
        "_refused_directories",
        "_resumption",
        "_scanned_ns",
        "_schedule",
        "_since_ns",
        "_targets",
        "_waker",
        "_wall_ns",
        "followers",
        "scan_due",
    )

    def __init__(
        self,
        *,
        discovery: GlobSearch,
        reconciler: Reconciler,
        resumption: Resumption,
        waker: Waker,
        options: TailOptions,
        writer: CheckpointWriter,
        log: Logger,
        wall_ns: Callable[[], int],
    ) -> None:
        self._discovery = discovery
        self._reconciler = reconciler
        self._resumption = resumption
        self._waker = waker
        self._options = options
        self._log = log
        self._wall_ns = wall_ns
        self._schedule = Schedule()
        self._aged = AgedFiles(options.ignore_older, wall_ns, log)
        self._found: Found | None = None
        self._empty: set[str] = set()
        self._refused_directories: dict[str, str] = {}
        self._is_fresh = writer.is_fresh
        self._since_ns = self._scanned_ns = writer.snapshot.looked_ns
        self.followers: dict[str, Follower] = {}
        self.scan_due = 0.0
        self._pending: dict[str, list[Entry]] = {}
        self._targets: dict[str, Follower] = {}
        for entry in writer.snapshot.entries:
            if not entry.is_done and discovery.covers(entry.path):
                self._pending.setdefault(entry.path, []).append(entry)
                reconciler.opener.registry.claimed[entry.key] = entry

    def looked_ns(self) -> int:
        """Return the wall time up to which every path that holds a file has been looked at."""
        if self._found is None:
            return self._since_ns
        followers = self.followers.values()
        looks = [f.searched_ns for f in followers if f.generations or f.entries]
        if self._discovery.has_globs:
            looks.append(self._scanned_ns)  # what has come since is on no path that is followed
        return min(looks, default=self._wall_ns())

    def pending(self) -> list[Entry]:
        """Return what the checkpoint had of paths that could not be taken up yet."""
        waiting = [entry for entries in self._pending.values() for entry in entries]
        for follower in self.followers.values():
            waiting += follower.entries
        return waiting

    def refused(self) -> dict[str, str]:
        """Return the files and directories that may not be read, each with why."""
        return {**self._refused_directories, **self._reconciler.errors.refused}

    def why_blind(self) -> str | None:
        """Return why a path that was given literally, or all that globs find, may not be read.

        None where something is read, or nothing is there yet.
        """
        refused = self.refused()
        for path in self._discovery.patterns:
            if path in self._reconciler.errors.refused:
                return refused[path]
        if not refused or any(
            f.generations and not f.trouble for f in list(self.followers.values())
        ):
            return None
        first = next(iter(refused.values()))
        return first if len(refused) == 1 else f"{first} (and {len(refused) - 1} more)"

    @property
    def has_begun(self) -> bool:
        """Whether it has searched for files."""
        return self._found is not None

    @property
    def has_pending(self) -> bool:
        """Whether there is something of the checkpoint that was not taken up yet."""
        return bool(self._pending) or any(each.entries for each in self.followers.values())

    def scan(self, now: float, clock: Callable[[], float]) -> None:
        """Search for files, and follow the new ones."""
        found = self._found
        since_ns, scanning_ns = self._scanned_ns, self._wall_ns()
        if found is None or self._discovery.has_globs:
            found = self._found = self._discovery.search()
            self._report(found)
        came_and_went = self._came_and_went(found, since_ns)
        known = dict.fromkeys((*self._pending, *came_and_went))
        for path in (*known, *found.paths):
            if path not in self.followers and (path in known or not self._aged.leaves_out(path)):
                self._follow(path, now, since_ns)
        self._aged.report(found.paths)
        if not since_ns or self._was_steady(found, scanning_ns):
            self._scanned_ns = scanning_ns
        for follower in list(self.followers.values()):
            is_there = follower.path in found.paths or follower.path in came_and_went
            if not (is_there or follower.generations or follower.entries):
                follower.is_wanted = False
                self._reconciler.errors.forget(follower)
                del self.followers[follower.path]
                self._targets.pop(follower.target, None)
        self._is_fresh = False
        cost = clock() - now
        interval = self._options.scan_interval
        if all(self._waker.watches(directory) for directory in found.directories):
            interval *= WATCHED_SCANS  # a new file is a hint, and a hint is reason to search
        self.scan_due = now + max(interval, SCAN_COST_FACTOR * cost)

    def _was_steady(self, found: Found, scanning_ns: int) -> bool:
        """Return whether no name has changed where a search looked since it began.

        Else it may have met a file under its old name only, which had another one when it was
        looked into; the next search looks for what came since the one before.
        """
        changed_ns = last_change(found.directories) if found.directories else 0
        return changed_ns < scanning_ns - CLOCK_SLACK_NS

    def _came_and_went(self, found: Found, since_ns: int) -> set[str]:
        """Return the paths that are new, and were rotated away before a search has met them."""
        if not since_ns:
            return set()
        return {
            path
            for path, rotated in found.rotated.items()
            if path not in self.followers
            and path not in self._pending
            and any(self._reconciler.opener.is_new(old, path, since_ns) for old in rotated)
        }

    def look(self, now: float) -> Iterator[Follower]:
        """Look at whom it is time for, or a hint came for, and yield each."""
        for path in self._waker.hints():
            hinted = self.followers.get(path) or self._targets.get(path)
            if hinted is not None:
                self._schedule.put(hinted, now)
            elif self._discovery.has_globs or path in self._aged:
                self.scan_due = min(self.scan_due, now + SOONEST_SCAN)
        for follower in self._schedule.due(now):
            self._look_at(follower, now)
            yield follower

    def look_at_all(self, now: float) -> Iterator[Follower]:
        """Look at everyone, due or not, and yield each."""
        for follower in list(self.followers.values()):
            self._look_at(follower, now)
            yield follower

    def next_due(self) -> float:
        """Return when there is something to do again."""
        due = self._schedule.next_due()
        return self.scan_due if due is None else min(due, self.scan_due)

    def watch(self, now: float) -> None:
        """Have the quiet directories watched, and no others."""
        directories = set(self._found.directories) if self._found else set()
        busy: set[str] = set()
        for follower in self.followers.values():
            if follower.target:
                directories.update(follower.directories)
            if follower.is_busy(now):
                busy.update(follower.directories)
        self._waker.watch(directories - busy)

    def _follow(self, path: str, now: float, since_ns: int) -> None:
        """Follow a path that was not there, or was of no interest, at the last search."""
        follower = self.followers[path] = Follower(path, self._options.poll_min)
        follower.next_ordinal = self._reconciler.opener.registry.next_ordinal(path)
        self._find_target(follower)
        if self._is_fresh:
            follower.start = self._options.start
        follower.start = self._aged.start_of(path) or follower.start
        follower.entries = self._pending.pop(path, ())
        # What has come and gone at the path since then lies beside it now.
        follower.looked_ns = since_ns
        self._schedule.put(follower, now)

    def _look_at(self, follower: Follower, now: float) -> None:
        options = self._options
        if follower.entries and not self._resume(follower, now):
            self._schedule.put(follower, now + options.poll_watched)
            return
        gained = self._reconciler.look(follower, now)
        is_watched = self._waker.watches(follower.directory)
        least = options.poll_min
        if gained:
            most = options.poll_max if is_watched else least
            follower.has_grown(now, gained, least=least, most=most)
            if follower.target:
                self._find_target(follower)
        else:
            follower.has_rested(now, least, self._most_interval(watched=is_watched))
        due = now + follower.interval
        waiting_since = follower.partial_since()
        if waiting_since is not None:
            due = min(due, max(waiting_since + options.partial_flush, now + options.poll_min))
        self._schedule.put(follower, due)

    def _resume(self, follower: Follower, now: float) -> bool:
        """Take up what the checkpoint has of a path; return whether that could be done."""
        try:
            return self._resumption.resume(follower, self._since_ns, now)
        except OSError as error:
            self._reconciler.errors.cannot_open(follower, error)
            return False

    def _find_target(self, follower: Follower) -> None:
        """Find out where a path leads that is a link, for hints come from there."""
        self._targets.pop(follower.target, None)
        target = os.path.realpath(follower.path)
        follower.target = target if target != follower.path else ""
        if follower.target:
            self._targets[follower.target] = follower

    def _most_interval(self, *, watched: bool) -> float:
        options = self._options
        count = len(self.followers)
        if watched:
            return max(options.poll_watched, WATCHED_SECONDS_FOR_EACH * count)
        return max(options.poll_max, LOOK_SECONDS_FOR_EACH * count)

    def _report(self, found: Found) -> None:
        """Say once what a search met with, until it is otherwise."""
        for pattern in found.empty:
            if pattern not in self._empty:
                self._log.warning("nothing matches yet; waiting for a file", glob=pattern)
        for directory, error in found.unreadable.items():
            if directory not in self._refused_directories:
                self._log.error("a directory cannot be listed", path=directory, error=error)
        self._empty = set(found.empty)
        self._refused_directories = {
            directory: f"{directory} cannot be listed: {error}"
            for directory, error in found.unreadable.items()
        }
