"""Going on after a restart: what the checkpoint has of a path, and where that is by now."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pillion.tail.fingerprint import agrees, key_of
from pillion.tail.opener import report_loss
from pillion.tail.rotation.copies import is_ambiguous
from pillion.tail.rotation.siblings import is_original, open_original, was_compressed
from pillion.tail.status import DELETED_UNREAD, ROTATED_UNREAD, TRUNCATED_UNREAD

if TYPE_CHECKING:
    from pillion.log import Logger
    from pillion.tail.checkpoint.format import Entry
    from pillion.tail.follower import Follower
    from pillion.tail.handover import OpenFiles
    from pillion.tail.opener import Opener
    from pillion.tail.status import Ledger


class Resumption:
    """Takes up what a checkpoint has, from open files of the tailer before or from the disk."""

    __slots__ = ("_handover", "_ledger", "_log", "_opener")

    def __init__(self, opener: Opener, handover: OpenFiles, ledger: Ledger, log: Logger) -> None:
        self._opener = opener
        self._handover = handover
        self._ledger = ledger
        self._log = log

    def resume(self, follower: Follower, since_ns: int, now: float) -> bool:
        """Go on where the entries of a checkpoint say, oldest first, and report what is gone.

        What was rotated away in between, and still lies beside the path, is read before the
        file that is there now. Returns False where that file may not be opened now.
        """
        seen = _stat(follower.path)
        at_path = self._opener.open_at(follower, seen) if seen is not None else None
        if seen is not None and at_path is None and follower.trouble:
            return False
        try:
            self._resume_all(follower, at_path, since_ns, now)
        finally:
            if at_path is not None:
                os.close(at_path)
        return True

    def _resume_all(
        self, follower: Follower, at_path: int | None, since_ns: int, now: float
    ) -> None:
        """Take up the entries one after the other; after an error the rest is left for later."""
        opener = self._opener
        entries = sorted(follower.entries, key=lambda entry: entry.ordinal)
        follower.next_ordinal = max(follower.next_ordinal, entries[-1].ordinal + 1)
        for number, entry in enumerate(entries):
            follower.entries = tuple(entries[number:])
            self._resume_one(follower, entry, at_path, since_ns, now)
            opener.registry.claimed.pop(entry.key, None)
        if at_path is not None and key_of(at_path) not in opener.registry.held:
            opener.take(follower, os.dup(at_path), now)
        follower.entries = ()
        # Only now: what was copied away before its size was taken is beside the path by then.
        follower.unsearched_ns = since_ns

    def _resume_one(
        self, follower: Follower, entry: Entry, at_path: int | None, since_ns: int, now: float
    ) -> None:
        """Go on with one generation where its file is, or where the copy is that was made of it."""
        opener = self._opener
        is_here = at_path is not None and is_original(at_path, entry)
        original = os.dup(at_path) if at_path is not None and is_here else self._original(entry)
        if original is None:
            if not self._resume_copy(follower, entry, since_ns, now):
                self._lose(entry, since_ns)
            return
        try:
            if self._is_intact(entry, original, since_ns if is_here else None):
                generation = opener.take_on(follower, original, entry, now)
                if generation is not None:
                    generation.detached_at = None if is_here else now
                    return
            # It was cut, and what was in it is in a copy, if anywhere.
            copy = opener.copies.open_copied(entry)
            if copy is None or not self._go_on(follower, copy, entry, now):
                self._lose(entry, since_ns, was_cut=True)
        except OSError:
            os.close(original)
            raise
        opener.take(follower, original, now).detached_at = None if is_here else now

    def _go_on(self, follower: Follower, copy: int, entry: Entry, now: float) -> bool:
        """Go on in an open copy of a generation; close it, and return False, where it is cut."""
        generation = None
        try:
            generation = self._opener.take_on(follower, copy, entry, now)
        finally:
            if generation is None:
                os.close(copy)
        if generation is not None:
            generation.detached_at = now
        return generation is not None

    def _resume_copy(self, follower: Follower, entry: Entry, since_ns: int, now: float) -> bool:
        """Look for a copy of a file that was deleted; return whether there is one.

        Where its content tells it from every other generation, reading goes on in it; else it
        comes up among what is new beside the path, and is read from its beginning.
        """
        opener, mark = self._opener, entry.fingerprint
        for sibling in opener.copies.unknown_beside(entry.path, since_ns):
            descriptor = sibling.open() if sibling.size >= entry.size else None
            if descriptor is None:
                continue
            if agrees(descriptor, mark) and not opener.copies.is_done(descriptor):
                if not is_ambiguous(descriptor, mark.position):
                    return self._go_on(follower, descriptor, entry, now)
                os.close(descriptor)
                return True
            os.close(descriptor)
        return False

    def _is_intact(self, entry: Entry, original: int, since_ns: int | None) -> bool:
        """Return whether a file goes on with what was read of it, as far as that can be told.

        Args:
            entry: what was read of it.
            original: the file, open.
            since_ns: since when it may have been copied away; None where it is not at its path.
        """
        mark = entry.fingerprint
        if not agrees(original, mark):
            return False
        if os.fstat(original).st_size < entry.size and is_ambiguous(original, mark.position):
            return False
        if since_ns is None:
            return True
        siblings = self._opener.copies.unknown_beside(entry.path, since_ns)
        return not self._opener.copies.was_filled_alike(entry, original, siblings)

    def _original(self, entry: Entry) -> int | None:
        """Open the file of an entry that is not at its path, if it is there and not followed."""
        held = self._handover.take(entry.key)
        if held is not None:
            if is_original(held, entry):
                return held
            os.close(held)
        found = open_original(entry)
        if found is not None and key_of(found) in self._opener.registry.held:
            os.close(found)
            return None
        return found

    def _lose(self, entry: Entry, since_ns: int, *, was_cut: bool = False) -> None:
        unread = max(0, entry.size - entry.fingerprint.position)
        if was_cut:
            reason, sentence = TRUNCATED_UNREAD, "a file was truncated while nobody was reading"
        elif was_compressed(entry.path, since_ns):
            reason, sentence = ROTATED_UNREAD, "a file was compressed while nobody was reading"
        else:
            reason, sentence = DELETED_UNREAD, "a file was deleted while nobody was reading"
        self._ledger.lost[reason] += unread
        read_to = entry.fingerprint.position
        report_loss(self._log, sentence, path=entry.path, read_to=read_to, lost_bytes=unread)


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None
