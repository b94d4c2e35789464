"""All the generations that a tailer knows: open ones by inode, and those that it is done with."""

from __future__ import annotations

import os
import resource
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING
from zlib import crc32

from pillion.tail.generation import CLOSED

if TYPE_CHECKING:
    from pillion.tail.checkpoint.format import Entry
    from pillion.tail.fingerprint import FileKey
    from pillion.tail.generation import Generation

DONE_FOR_EACH_PATH = 256
MOST_DONE = 4096
"""Over all paths: where pods come and go, their paths do too, and never come back."""
NO_DEVICE = 0
SPARE_DESCRIPTORS = 64
LEAST_OPEN = 4
PARKED_AT_ONCE = 64


class Registry:
    """What has been seen, so that nothing is read twice under two names.

    Attributes:
        held: the generations that are being followed, by device and inode.
        claimed: what the checkpoint has under a path that was not taken up yet.
        open_files: how many of them are open.
    """

    __slots__ = ("_done", "_done_of_path", "_most_open", "claimed", "held", "open_files")

    def __init__(self, most_open: int = 0) -> None:
        self.held: dict[FileKey, Generation] = {}
        self.claimed: dict[FileKey, Entry] = {}
        self.open_files = 0
        self._done: OrderedDict[FileKey, Entry] = OrderedDict()
        self._done_of_path: dict[str, list[FileKey]] = {}
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._most_open = most_open or max(LEAST_OPEN, soft - min(SPARE_DESCRIPTORS, soft // 2))

    def hold(self, generation: Generation) -> None:
        """Take up a generation that was opened."""
        self.held[generation.key] = generation
        self.open_files += 1
        if self.open_files > self._most_open:
            self.make_room(besides=generation)

    def is_taken(self, key: FileKey, path: str, birth_ns: int) -> bool:
        """Return whether a file is followed, or is to be under another path."""
        claim = self.claimed.get(key)
        if claim is None or claim.path == path:
            return key in self.held
        is_reused = bool(birth_ns and claim.birth_ns) and birth_ns != claim.birth_ns
        return key in self.held or not is_reused

    def release(self, generation: Generation) -> None:
        """Close a generation and forget that it is held."""
        if generation.descriptor != CLOSED:
            self.open_files -= 1
            generation.close()
        if self.held.get(generation.key) is generation:
            del self.held[generation.key]

    def give_up(self, generation: Generation) -> None:
        """Forget that a generation is held, and leave its file open to whoever goes on in it."""
        self.held.pop(generation.key, None)
        self.open_files -= 1
        generation.descriptor = CLOSED

    def finish(self, entry: Entry) -> None:
        """Remember a generation that was read to its end, so that it is not read again."""
        self.forget(entry.key)
        self._done[entry.key] = entry
        keys = self._done_of_path.setdefault(entry.path, [])
        keys.append(entry.key)
        if len(keys) > DONE_FOR_EACH_PATH:
            self.forget(keys[0])
        if len(self._done) > MOST_DONE:
            self.forget(next(iter(self._done)))

    def finish_deleted(self, entry: Entry) -> None:
        """Remember of a generation that was deleted only that its path had its ordinal.

        Its inode may be given to another file at any time.
        """
        self.finish(replace(entry, key=(NO_DEVICE, crc32(os.fsencode(entry.path)))))

    def done_with(self, key: FileKey) -> Entry | None:
        """Return what is remembered of a finished generation with this inode."""
        return self._done.get(key)

    def next_ordinal(self, path: str) -> int:
        """Return the first ordinal that no generation of a path is remembered to have had."""
        ordinals = [self._done[key].ordinal for key in self._done_of_path.get(path, ())]
        return max(ordinals, default=-1) + 1

    def forget(self, key: FileKey) -> None:
        """Forget a finished generation: it is followed again, or its inode has another file."""
        entry = self._done.pop(key, None)
        if entry is not None:
            keys = self._done_of_path[entry.path]
            keys.remove(key)
            if not keys:
                del self._done_of_path[entry.path]

    def done(self) -> list[Entry]:
        """Return what is remembered, for the checkpoint."""
        return list(self._done.values())

    def make_room(self, *, besides: Generation | None = None) -> None:
        """Close files that can be opened again: the quietest first, then what is to be read.

        Not what was deleted: it lives for as long as it is open.
        """
        open_ones = [
            generation
            for generation in self.held.values()
            if generation.descriptor != CLOSED
            and generation is not besides
            and not generation.is_truncated
        ]
        open_ones.sort(key=lambda each: (each.has_unread, each.has_in_flight, each.grown_at))
        for generation in open_ones[: max(1, min(PARKED_AT_ONCE, self._most_open // 2))]:
            if os.fstat(generation.descriptor).st_nlink:
                _ = generation.birth_ns  # to know it again
                generation.close()
                self.open_files -= 1

    def has_run_out(self) -> None:
        """Take note that no more files can be opened than there are, and close some."""
        self._most_open = max(LEAST_OPEN, min(self._most_open, self.open_files))
        self.make_room()
