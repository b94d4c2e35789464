"""Taking up files: at a path, and old generations that lie beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from stat import S_ISREG
from typing import TYPE_CHECKING

from pillion.tail.fingerprint import agrees, birth_at, key_of
from pillion.tail.generation import CLOSED, Generation
from pillion.tail.rotation.copies import is_mere_copy
from pillion.tail.rotation.siblings import (
    CLOCK_SLACK_NS,
    MOST_SEARCHES,
    OPEN_FLAGS,
    OUT_OF_DESCRIPTORS,
    is_original,
    last_change,
    open_original,
    open_regular,
)
from pillion.tail.start import start_offset

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.log import Logger
    from pillion.tail.checkpoint.format import Entry
    from pillion.tail.errors import PathErrors
    from pillion.tail.follower import Follower
    from pillion.tail.registry import Registry
    from pillion.tail.rotation.copies import Copies
    from pillion.tail.rotation.siblings import Sibling


@dataclass(slots=True)
class Opener:
    """Opens generations, each at the position where reading is to go on.

    Attributes:
        registry: the generations that are held or done with.
        copies: finds what lies beside a path.
        errors: reports what keeps a path from being opened.
        log: where a loss is reported.
        wall_ns: the wall clock.
    """

    registry: Registry
    copies: Copies
    errors: PathErrors
    log: Logger
    wall_ns: Callable[[], int]

    def open_path(self, follower: Follower, seen: os.stat_result, now: float) -> None:
        """Take up the file that is at the path, unless it is followed already."""
        held = self.registry.held.get((seen.st_dev, seen.st_ino))
        if held is not None:
            if held in follower.generations and not held.is_truncated:
                # It was renamed, and has come back.
                follower.generations.remove(held)
                follower.generations.append(held)
                held.detached_at = None
                if seen.st_size > held.size:
                    held.grow(seen.st_size, now)
            return
        descriptor = self.open_at(follower, seen)
        if descriptor is None:
            return
        try:
            if self._take_on_again(follower, descriptor, now):
                return
        except OSError:
            os.close(descriptor)
            raise
        generation = self.take(follower, descriptor, now)
        if follower.start is not None:
            generation.start_at(start_offset(descriptor, follower.start))

    def _take_on_again(self, follower: Follower, descriptor: int, now: float) -> bool:
        """Go on in a file that was read to its end before, and has come back; else return False."""
        key = key_of(descriptor)
        entry = self.registry.done_with(key)
        if entry is None:
            return False
        self.registry.forget(key)
        return (
            is_original(descriptor, entry)
            and agrees(descriptor, entry.fingerprint)
            and self.take_on(follower, descriptor, entry, now) is not None
        )

    def take(self, follower: Follower, descriptor: int, now: float) -> Generation:
        """Follow an open file from its beginning, as the newest generation of the path."""
        generation = Generation(
            follower.path, key_of(descriptor), follower.next_ordinal, descriptor, now=now
        )
        generation.began_ns = follower.looked_ns or self.wall_ns()
        follower.next_ordinal += 1
        follower.generations.append(generation)
        self.registry.hold(generation)
        _note_size(generation, now)
        return generation

    def is_new(self, old: str, path: str, since_ns: int) -> bool:
        """Return whether a rotated file was written to since then, and nobody knows it."""
        try:
            seen = os.stat(old, follow_symlinks=False)
        except OSError:
            return False
        key = (seen.st_dev, seen.st_ino)
        if not S_ISREG(seen.st_mode) or self.registry.is_taken(key, path, birth_at(old)):
            return False
        is_young = seen.st_mtime_ns >= since_ns - CLOCK_SLACK_NS
        return is_young and seen.st_size > 0 and self.registry.done_with(key) is None

    def adopt_between(self, follower: Follower, since_ns: int, now: float) -> None:
        """Take up generations that came and went between two looks, and lie beside the path.

        They are the ones that were written to since then and that nobody knows. Until that was
        done while nothing was renamed or cut, `Follower.unsearched_ns` says that it is to be done
        again.

        Raises:
            OSError: there are no descriptors left.
        """
        follower.unsearched_ns = since_ns = min(follower.unsearched_ns or since_ns, since_ns)
        for _ in range(MOST_SEARCHES):
            before = last_change(follower.directories)
            if not self._adopt(follower, since_ns, now):
                break
            if before == last_change(follower.directories):
                # What has just changed may change again at what the clock says is the same time;
                # what was written before that, and before the look at the path, was met.
                met_ns = min(before - CLOCK_SLACK_NS, follower.looked_ns)
                is_settled = self.wall_ns() - before > CLOCK_SLACK_NS
                follower.unsearched_ns = 0 if is_settled else max(since_ns, met_ns)
                break

    def _adopt(self, follower: Follower, since_ns: int, now: float) -> bool:
        """Take up what nobody knows; stop, and return False, where the live file was just cut.

        One of them is the copy that was made of it, and the next look goes on reading in that.
        """
        for sibling in self.copies.unknown_beside(follower.path, since_ns):
            descriptor = sibling.open()
            if descriptor is None:
                continue
            if self.copies.is_done(descriptor) or self._is_copy_of_live(
                follower, sibling, descriptor
            ):
                os.close(descriptor)
                continue
            if _was_cut(follower.live):
                os.close(descriptor)
                return False
            self.take(follower, descriptor, now).detached_at = now
        return True

    def reopen(self, generation: Generation) -> bool:
        """Open a generation that was closed to spare descriptors; return whether it is there.

        It may have been cut meanwhile; whoever reads it finds that by its content.
        """
        entry = generation.entry_as_read()
        descriptor = open_regular(generation.path)
        if descriptor is not None and not is_original(descriptor, entry):
            os.close(descriptor)
            descriptor = None
        if descriptor is None:
            descriptor = open_original(entry)
        if descriptor is None:
            return False
        generation.descriptor = descriptor
        self.registry.hold(generation)
        return True

    def open_at(self, follower: Follower, seen: os.stat_result) -> int | None:
        """Open the regular file at a path, unless it is followed; report why it cannot be."""
        if not S_ISREG(seen.st_mode):
            return None
        try:
            descriptor = os.open(follower.path, OPEN_FLAGS)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno in OUT_OF_DESCRIPTORS:
                self.registry.has_run_out()
            self.errors.cannot_open(follower, error)
            return None
        if key_of(descriptor) in self.registry.held or not S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)  # replaced between the two calls; the next look will tell
            return None
        self.errors.is_over(follower)
        return descriptor

    def take_on(
        self, follower: Follower, descriptor: int, entry: Entry, now: float
    ) -> Generation | None:
        """Follow an open file from where an entry says, as the generation that it was.

        None where it is cut by now; then, and after an error, it is not taken, and stays open.

        Raises:
            OSError: it cannot be read.
        """
        ordinal = follower.next_ordinal
        follower.next_ordinal = entry.ordinal
        generation = self.take(follower, descriptor, now)
        follower.next_ordinal = max(ordinal, entry.ordinal + 1)
        generation.identity = entry.identity
        generation.began_ns = entry.began_ns
        is_whole = False
        try:
            generation.start_at(entry.fingerprint.position, entry.line)
            # Only now: it may have been cut before its head and its trail were read.
            is_whole = agrees(descriptor, entry.fingerprint)
        finally:
            if not is_whole:
                follower.generations.remove(generation)
                follower.next_ordinal = ordinal
                self.registry.give_up(generation)
        return generation if is_whole else None

    def _is_copy_of_live(self, follower: Follower, sibling: Sibling, descriptor: int) -> bool:
        live = follower.live
        if live is None or live.descriptor == CLOSED:
            return False
        return is_mere_copy(sibling, descriptor, live.descriptor)


def report_loss(log: Logger, sentence: str, *, path: str, read_to: int, lost_bytes: int) -> None:
    """Say that a file is gone: as a warning where something of it is known to be lost."""
    if lost_bytes:
        log.warning(sentence, path=path, read_to=read_to, lost_bytes=lost_bytes)
    else:
        log.info(sentence, path=path, read_to=read_to)


def _was_cut(live: Generation | None) -> bool:
    """Return whether a file has lost what was read of it; the next look at it finds that too."""
    if live is None or live.descriptor == CLOSED or live.is_intact():
        return False
    live.mtime_ns = 0
    return True


def _note_size(generation: Generation, now: float) -> None:
    seen = os.fstat(generation.descriptor)
    generation.mtime_ns = seen.st_mtime_ns
    if seen.st_size:
        generation.grow(seen.st_size, now)
