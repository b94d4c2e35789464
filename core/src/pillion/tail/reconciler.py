"""Looking at a path: what is there now, and what that means for what was there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from stat import S_ISREG
from typing import TYPE_CHECKING

from pillion.tail.fingerprint import agrees
from pillion.tail.generation import CLOSED
from pillion.tail.opener import Opener, report_loss
from pillion.tail.rotation.copies import is_ambiguous
from pillion.tail.rotation.verdict import Verdict, judge
from pillion.tail.status import DELETED_UNREAD, TRUNCATED_UNREAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.log import Logger
    from pillion.tail.errors import PathErrors
    from pillion.tail.follower import Follower
    from pillion.tail.generation import Generation
    from pillion.tail.options import TailOptions
    from pillion.tail.reader.blocks import Reader
    from pillion.tail.registry import Registry

MOST_OLD_GENERATIONS = 3
"""So many are held open after they are read to their end, for what may still be appended."""


@dataclass(slots=True)
class Reconciler:
    """Brings followers up to date, and lets go of generations that are read to their end.

    Attributes:
        options: how to read.
        registry: the generations that are held or done with.
        opener: takes up files.
        reader: keeps the ledger, and what is left of unfinished lines.
        errors: reports what keeps a path from being read.
        log: where a loss is reported.
        wall_ns: the wall clock.
    """

    options: TailOptions
    registry: Registry
    opener: Opener
    reader: Reader
    errors: PathErrors
    log: Logger
    wall_ns: Callable[[], int]

    def look(self, follower: Follower, now: float) -> int:
        """Bring a follower up to date; return how many bytes are new, 1 for a change without."""
        before, count = follower.size(), len(follower.generations)
        self._look(follower, now)
        gained = follower.size() - before
        return gained if gained > 0 else int(len(follower.generations) != count or gained < 0)

    def _look(self, follower: Follower, now: float) -> None:
        looked_ns = self.wall_ns()
        follower.note_clock(now, looked_ns)
        try:
            seen = os.stat(follower.path)
        except (FileNotFoundError, NotADirectoryError):
            self._detach(follower, now)
            self.errors.is_missing(follower)
            if follower.looked_ns and self.opener.copies.has_changed_beside(follower):
                # It may have come and gone since the last look, and lie beside its path now.
                follower.unsearched_ns = follower.unsearched_ns or follower.looked_ns
            follower.looked(now, looked_ns)
        except OSError as error:
            self.errors.cannot_open(follower, error)
        else:
            self._look_into(follower, seen, now, looked_ns)
        if follower.unsearched_ns:
            self._adopt_before(follower, now)
        follower.start = None
        if follower.generations and follower.generations[0] is not follower.live:
            for generation in list(follower.generations):
                if generation is not follower.live:
                    self._see_old(follower, generation, now)

    def _look_into(
        self, follower: Follower, seen: os.stat_result, now: float, looked_ns: int
    ) -> None:
        live = follower.live
        if live is None or follower.trouble or judge(live, seen) is not Verdict.SAME:
            self._see(follower, seen, now)
        if follower.live is not None or not follower.trouble:
            # Else what is there now may be rotated away before it can be opened.
            follower.looked(now, looked_ns)

    def truncated(self, follower: Follower, generation: Generation, now: float) -> Generation:
        """End a generation whose bytes are gone, and return the next one, in the same file.

        Where rotation has made a copy first, the old generation is read to its end from there.
        """
        ledger = self.reader.ledger
        follower.note_clock(now, self.wall_ns())
        is_live = generation is follower.live
        descriptor = generation.descriptor
        ledger.truncations += 1
        ledger.rotations += 1
        copy = self.opener.copies.open_copied(generation.entry_as_read())
        self.registry.give_up(generation)
        generation.detached_at = now
        if copy is not None:
            seen = os.fstat(copy)
            generation.move_to(copy, (seen.st_dev, seen.st_ino))
            generation.partial_end = 0
            generation.grow(seen.st_size, now)
            self.registry.hold(generation)
        else:
            generation.is_truncated = True
        fresh = self.opener.take(follower, descriptor, now)
        fresh.detached_at = None if is_live else now
        # Without a copy that agrees, any that has been made since may be of it.
        since_ns = follower.copied_since_ns if copy is None else follower.looked_ns
        self._adopt_before(follower, now, since_ns)
        follower.generations.remove(fresh)
        follower.generations.append(fresh)
        if not is_live:
            follower.put_live_last()
        if copy is None:
            self._salvage(follower, generation)
        return fresh

    def reopen(self, generation: Generation) -> bool:
        """Open a generation again that was closed to spare descriptors, or give it up."""
        if self.opener.reopen(generation):
            return True
        lost = self.reader.lose(generation, DELETED_UNREAD)
        self.registry.release(generation)
        generation.is_truncated = True
        read_to = generation.offset
        report_loss(
            self.log, "a file was deleted", path=generation.path, read_to=read_to, lost_bytes=lost
        )
        return False

    def _salvage(self, follower: Follower, generation: Generation) -> None:
        mark = generation.entry_as_read().fingerprint
        others = [g for g in follower.generations if g is not generation and g.detached_at]
        if any(
            g.size >= generation.size and g.descriptor != CLOSED and agrees(g.descriptor, mark)
            for g in others
        ):
            # What was found beside the path is all of it, and is read from its beginning.
            self.reader.set_aside(generation)
            return
        lost = self.reader.lose_what_was_cut(generation)
        read_to = generation.size
        report_loss(
            self.log, "a file was truncated", path=generation.path, read_to=read_to, lost_bytes=lost
        )

    def _see(self, follower: Follower, seen: os.stat_result, now: float) -> None:
        if not S_ISREG(seen.st_mode):
            self._detach(follower, now)
            self.errors.is_no_file(follower, seen)
            return
        try:
            self._compare(follower, seen, now)
        except OSError as error:
            self.errors.cannot_open(follower, error)
        else:
            if follower.trouble and follower.live is not None:
                self.errors.is_over(follower)

    def _see_old(self, follower: Follower, generation: Generation, now: float) -> None:
        try:
            self._look_at_old(follower, generation, now)
        except OSError as error:
            self.failed(generation, error, now)

    def failed(self, generation: Generation, error: OSError, now: float) -> None:
        """Leave a file that cannot be read until the next look; give up one that is not live."""
        self.reader.ledger.read_errors += 1
        self.log.error(
            "a file cannot be read", path=generation.path, at=generation.offset, error=str(error)
        )
        detached_at = generation.detached_at
        if detached_at is not None and now - detached_at >= self.options.rotate_wait:
            self.reader.fail(generation)

    def _compare(self, follower: Follower, seen: os.stat_result, now: float) -> None:
        live = follower.live
        if live is None:
            self._open(follower, seen, now)
            return
        verdict = judge(live, seen)
        if verdict is Verdict.SAME:
            return
        if verdict is Verdict.REPLACED:
            self._detach(follower, now)
            self._open(follower, seen, now)
            return
        live.mtime_ns = seen.st_mtime_ns
        self._compare_same(follower, live, seen, verdict, now)

    def _compare_same(
        self,
        follower: Follower,
        live: Generation,
        seen: os.stat_result,
        verdict: Verdict,
        now: float,
    ) -> None:
        """Find out what became of the file that is at its path still, and has changed."""
        was_empty = not live.size and (live.ordinal > 0 or verdict is Verdict.TOUCHED)
        if was_empty:
            # It was empty, and may have been filled and copied away since the last look; that
            # shows nowhere but beside the path.
            self._adopt_before(follower, now)
        appeared = self.opener.copies.appeared_beside(follower)
        if appeared:
            if live.descriptor == CLOSED and not self.reopen(live):
                return
            if live.is_intact():
                if self.opener.copies.was_filled_alike(
                    live.entry_as_read(), live.descriptor, appeared
                ):
                    self.truncated(follower, live, now)
                    return
                # It may be filled alike all the same, and have been read since: then it agrees
                # with no copy, and each that is not its own is another generation.
                self._adopt_before(follower, now, follower.copied_since_ns)
        if verdict is Verdict.GROWN and (live.descriptor == CLOSED or live.is_intact()):
            self._grow(follower, live, seen.st_size, now, was_empty=was_empty)
            return
        if live.descriptor == CLOSED and not self.reopen(live):
            return
        if verdict is Verdict.TRUNCATED or not live.is_intact():
            self.truncated(follower, live, now)
        elif verdict is Verdict.SHORTENED:
            self._shorten(follower, live, seen.st_size, now)

    def _grow(
        self, follower: Follower, live: Generation, size: int, now: float, *, was_empty: bool
    ) -> None:
        live.grow(size, now)
        if was_empty:
            # It may have been copied away since that search: now its beginning is known.
            self._adopt_before(follower, now)

    def _open(self, follower: Follower, seen: os.stat_result, now: float) -> None:
        self.opener.open_path(follower, seen, now)
        # What came before it, and what was copied away before it was open, lies beside it.
        follower.unsearched_ns = follower.unsearched_ns or follower.looked_ns

    def _adopt_before(self, follower: Follower, now: float, since_ns: int = 0) -> None:
        """Take up what came and went since the last look, or since what could not be searched."""
        try:
            self.opener.adopt_between(follower, since_ns or follower.looked_ns, now)
        except OSError as error:
            self.registry.has_run_out()
            self.errors.cannot_open(follower, error)
        follower.put_live_last()

    def _shorten(self, follower: Follower, generation: Generation, size: int, now: float) -> None:
        """Go on in a file that was cut behind the position, unless it may be another generation."""
        if is_ambiguous(generation.descriptor, generation.offset):
            self.truncated(follower, generation, now).hole_at = size
            return
        lost = generation.size - size
        self.reader.ledger.lost[TRUNCATED_UNREAD] += lost
        generation.size = size
        generation.partial_end = 0
        generation.hole_at = size
        generation.restart_head()
        self.log.warning("a file was cut at its end", path=generation.path, lost_bytes=lost)

    def _detach(self, follower: Follower, now: float) -> None:
        """Let what was at the path be an old generation; it may have been cut before it went."""
        live = follower.live
        if live is not None:
            live.detached_at = now
            self.reader.ledger.rotations += 1
            self._see_old(follower, live, now)

    def _look_at_old(self, follower: Follower, generation: Generation, now: float) -> None:
        if generation.is_truncated:
            if generation.is_spent:
                follower.generations.remove(generation)
            return
        if generation.descriptor == CLOSED and not self.reopen(generation):
            return
        seen = os.fstat(generation.descriptor)
        if seen.st_size < generation.offset or not generation.is_intact():
            self.truncated(follower, generation, now)
            return
        if seen.st_size > generation.size:
            generation.grow(seen.st_size, now)
        elif seen.st_size < generation.size:
            self._shorten(follower, generation, seen.st_size, now)
        if self._is_finished(follower, generation, now):
            follower.generations.remove(generation)
            entry = generation.entry(is_done=True)
            if seen.st_nlink:
                self.registry.finish(entry)
            else:
                self.registry.finish_deleted(entry)
            self.registry.release(generation)

    def _is_finished(self, follower: Follower, generation: Generation, now: float) -> bool:
        if generation.has_unread or generation.has_partial or generation.has_in_flight:
            return False
        since = max(generation.grown_at, generation.detached_at or now)
        is_quiet = now - since >= self.options.rotate_wait
        return is_quiet or len(follower.generations) > MOST_OLD_GENERATIONS
