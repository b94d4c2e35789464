"""Taking up files: at a path, after a restart, and old generations that lie beside a path."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from stat import S_ISREG
from typing import TYPE_CHECKING

from pillion.tail.generation import Generation
from pillion.tail.identity import agrees
from pillion.tail.ledger import DELETED_UNREAD, ROTATED_UNREAD, TRUNCATED_UNREAD
from pillion.tail.siblings import (
    OPEN_FLAGS,
    old_generations,
    open_if_agreeing,
    open_renamed,
    was_compressed,
)
from pillion.tail.start import start_offset

if TYPE_CHECKING:
    from pillion.log import Logger
    from pillion.tail.checkpoint_format import Entry
    from pillion.tail.follower import Follower
    from pillion.tail.handing_on import OpenFiles
    from pillion.tail.identity import FileKey
    from pillion.tail.known import Known
    from pillion.tail.ledger import Ledger
    from pillion.tail.trouble import Troubles

CLOCK_SLACK_NS = 20_000_000
"""Time stamps of files come from a clock that is up to one tick of the kernel late."""


@dataclass(slots=True)
class Opener:
    """Opens generations, each at the position where reading is to go on.

    Attributes:
        known: the generations that are held or done with.
        ledger: takes what is found to be lost.
        troubles: reports what keeps a path from being opened.
        log: where a loss is reported.
        handed_on: files that the tailer before had open.
    """

    known: Known
    ledger: Ledger
    troubles: Troubles
    log: Logger
    handed_on: OpenFiles

    def open_path(self, follower: Follower, seen: os.stat_result, now: float) -> None:
        """Take up the file that is at the path, unless it is followed already."""
        held = self.known.held.get((seen.st_dev, seen.st_ino))
        if held is not None:
            if held in follower.generations and not held.is_truncated:
                # It was renamed, and has come back.
                follower.generations.remove(held)
                follower.generations.append(held)
                held.detached_at = None
                if seen.st_size > held.size:
                    held.grow(seen.st_size, now)
            return
        descriptor = self._open(follower, seen)
        if descriptor is None:
            return
        key = _key(descriptor)
        entry = self.known.done_with(key)
        if entry is not None:
            self.known.forget(key)
            if agrees(descriptor, entry.fingerprint):
                self._take_on(follower, descriptor, entry, now)
                return
        generation = self.take(follower, descriptor, now)
        if follower.looked_ns:
            # Copied away and truncated before it was looked into: it lies beside its path now.
            self.adopt_between(follower, follower.looked_ns, now)
            follower.put_live_last()
        if follower.start is not None:
            generation.start_at(start_offset(descriptor, follower.start))

    def take(self, follower: Follower, descriptor: int, now: float) -> Generation:
        """Follow an open file from its beginning, as the newest generation of the path."""
        generation = Generation(
            follower.path,
            _key(descriptor),
            follower.next_ordinal,
            descriptor,
            now=now,
        )
        follower.next_ordinal += 1
        follower.generations.append(generation)
        self.known.hold(generation)
        _note_size(generation, now)
        return generation

    def resume(self, follower: Follower, since_ns: int, now: float) -> bool:
        """Go on where the entries of a checkpoint say, oldest first, and report what is gone.

        What was rotated away in between, and still lies beside the path, is read before the
        file that is there now. Returns False where that file may not be opened now.
        """
        entries = sorted(follower.entries, key=lambda entry: entry.ordinal)
        seen = _stat(follower.path)
        at_path = self._open(follower, seen) if seen is not None else None
        if seen is not None and at_path is None and follower.trouble:
            return False
        follower.entries = ()
        follower.next_ordinal = max(follower.next_ordinal, entries[-1].ordinal + 1)
        for entry in entries:
            if self._resume_one(follower, entry, at_path, since_ns, now):
                at_path = None
        live = follower.live
        if live is None or not live.offset:
            # It is new, or was empty when it was last seen: others may have been there since.
            self.adopt_between(follower, since_ns, now)
        if at_path is not None:
            if _key(at_path) in self.known.held:
                os.close(at_path)
            else:
                self.take(follower, at_path, now)
        follower.put_live_last()
        return True

    def _resume_one(
        self, follower: Follower, entry: Entry, at_path: int | None, since_ns: int, now: float
    ) -> bool:
        """Go on with one generation; return whether it is the one at the path."""
        is_here = at_path is not None and _key(at_path) == entry.key
        if at_path is not None and is_here and agrees(at_path, entry.fingerprint):
            self._take_on(follower, at_path, entry, now)
            return True
        held = self.handed_on.take(entry.key)
        is_same = held is not None and agrees(held, entry.fingerprint)
        beside = held if is_same else open_renamed(entry)
        if beside is None:
            beside = self.open_copied(entry)
        if beside is not None:
            if _key(beside) in self.known.held:
                os.close(beside)
            else:
                self._take_on(follower, beside, entry, now).detached_at = now
        elif at_path is not None and _is_copy(at_path, entry):
            self._take_on(follower, at_path, entry, now)
            return True
        else:
            self._lose(entry, since_ns, is_here=is_here)
        if held is not None and not is_same:
            self._take_cut(follower, held, now, is_here=is_here)
        return False

    def _take_cut(self, follower: Follower, held: int, now: float, *, is_here: bool) -> None:
        """Take up what is in a handed on file since it was truncated, if it is not at its path."""
        if is_here or _key(held) in self.known.held:
            os.close(held)
        else:
            self.take(follower, held, now).detached_at = now

    def adopt_between(self, follower: Follower, since_ns: int, now: float) -> int:
        """Take up generations that came and went between two looks, and lie beside the path.

        They are the ones that were written to since then and that nobody knows. Returns how many.
        """
        adopted = 0
        for sibling in old_generations(follower.path):
            is_known = sibling.key in self.known.held or not sibling.size
            if is_known or sibling.mtime_ns < since_ns - CLOCK_SLACK_NS:
                continue
            with suppress(OSError):
                descriptor = os.open(sibling.path, OPEN_FLAGS)
                if _key(descriptor) != sibling.key or self._is_known(follower, descriptor):
                    os.close(descriptor)
                    continue
                self.take(follower, descriptor, now).detached_at = now
                adopted += 1
        return adopted

    def reopen(self, generation: Generation) -> bool:
        """Open a generation that was closed to spare descriptors; return whether it is there."""
        entry = generation.entry_as_read()
        descriptor = open_if_agreeing(generation.path, entry)
        if descriptor is not None and _key(descriptor) != generation.key:
            os.close(descriptor)
            descriptor = None
        if descriptor is None:
            descriptor = open_renamed(entry)
        if descriptor is None:
            return False
        generation.descriptor = descriptor
        self.known.hold(generation)
        return True

    def open_copied(self, entry: Entry) -> int | None:
        """Open the copy that rotation made of a generation before it was truncated.

        The newest one that agrees: where only a common banner was read so far, older ones may.
        """
        if not entry.fingerprint.head_length:
            return None
        for sibling in reversed(old_generations(entry.path)):
            if sibling.size < entry.fingerprint.position or sibling.key in self.known.held:
                continue
            descriptor = open_if_agreeing(sibling.path, entry)
            if descriptor is not None:
                if not self._is_done(descriptor):
                    return descriptor
                os.close(descriptor)
        return None

    def _open(self, follower: Follower, seen: os.stat_result) -> int | None:
        if not S_ISREG(seen.st_mode):
            return None
        try:
            descriptor = os.open(follower.path, OPEN_FLAGS)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self.troubles.cannot_open(follower, error)
            return None
        if _key(descriptor) in self.known.held or not S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)  # replaced between the two calls; the next look will tell
            return None
        self.troubles.is_over(follower)
        return descriptor

    def _take_on(self, follower: Follower, descriptor: int, entry: Entry, now: float) -> Generation:
        ordinal = follower.next_ordinal
        follower.next_ordinal = entry.ordinal
        generation = self.take(follower, descriptor, now)
        follower.next_ordinal = max(ordinal, entry.ordinal + 1)
        generation.identity = entry.identity
        generation.start_at(entry.fingerprint.position, entry.line)
        return generation

    def _is_known(self, follower: Follower, descriptor: int) -> bool:
        """Return whether it is a generation, or a copy of one, that was read already."""
        if self._is_done(descriptor):
            return True
        for generation in follower.generations:
            mark = generation.entry_as_read().fingerprint
            if mark.head_length and agrees(descriptor, mark):
                return True
        return False

    def _is_done(self, descriptor: int) -> bool:
        done = self.known.done_with(_key(descriptor))
        return done is not None and agrees(descriptor, done.fingerprint)

    def _lose(self, entry: Entry, since_ns: int, *, is_here: bool) -> None:
        unread = max(0, entry.size - entry.fingerprint.position)
        if is_here:
            reason, sentence = TRUNCATED_UNREAD, "a file was truncated while nobody was reading"
        elif was_compressed(entry.path, since_ns):
            reason, sentence = ROTATED_UNREAD, "a file was compressed while nobody was reading"
        else:
            reason, sentence = DELETED_UNREAD, "a file was deleted while nobody was reading"
        self.ledger.lost[reason] += unread
        read_to = entry.fingerprint.position
        report_loss(self.log, sentence, path=entry.path, read_to=read_to, lost_bytes=unread)


def report_loss(log: Logger, sentence: str, *, path: str, read_to: int, lost_bytes: int) -> None:
    """Say that a file is gone: as a warning where something of it is known to be lost."""
    if lost_bytes:
        log.warning(sentence, path=path, read_to=read_to, lost_bytes=lost_bytes)
    else:
        log.info(sentence, path=path, read_to=read_to)


def _note_size(generation: Generation, now: float) -> None:
    seen = os.fstat(generation.descriptor)
    generation.mtime_ns = seen.st_mtime_ns
    if seen.st_size:
        generation.grow(seen.st_size, now)


def _is_copy(descriptor: int, entry: Entry) -> bool:
    return entry.fingerprint.is_strong and agrees(descriptor, entry.fingerprint)


def _key(descriptor: int) -> FileKey:
    seen = os.fstat(descriptor)
    return seen.st_dev, seen.st_ino


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None
