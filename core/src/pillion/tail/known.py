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
    from pillion.tail.checkpoint_format import Entry
    from pillion.tail.generation import Generation
    from pillion.tail.identity import FileKey

DONE_FOR_EACH_PATH = 32
MOST_DONE = 4096
"""Over all paths: where pods come and go, their paths do too, and never come back."""
NO_DEVICE = 0
SPARE_DESCRIPTORS = 64
PARKED_AT_ONCE = 64


class Known:
    """What has been seen, so that nothing is read twice under two names.

    Attributes:
        held: the generations that are being followed, by device and inode.
        claimed: files that the checkpoint has under a path that was not taken up yet.
        open_files: how many of them are open.
    """

    __slots__ = ("_done", "_done_of_path", "_most_open", "claimed", "held", "open_files")

    def __init__(self, most_open: int = 0) -> None:
        self.held: dict[FileKey, Generation] = {}
        self.claimed: dict[FileKey, str] = {}
        self.open_files = 0
        self._done: OrderedDict[FileKey, Entry] = OrderedDict()
        self._done_of_path: dict[str, list[FileKey]] = {}
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._most_open = most_open or max(SPARE_DESCRIPTORS, soft - SPARE_DESCRIPTORS)

    def hold(self, generation: Generation) -> None:
        """Take up a generation that was opened."""
        self.held[generation.key] = generation
        self.open_files += 1
        if self.open_files > self._most_open:
            self._park(besides=generation)

    def is_taken(self, key: FileKey, path: str) -> bool:
        """Return whether a file is followed, or is to be under another path."""
        return key in self.held or self.claimed.get(key, path) != path

    def release(self, generation: Generation) -> None:
        """Close a generation and forget that it is held."""
        if generation.descriptor != CLOSED:
            self.open_files -= 1
            generation.close()
        if self.held.get(generation.key) is generation:
            del self.held[generation.key]

    def finish(self, entry: Entry) -> None:
        """Remember a generation that was read to its end, lest it be read again."""
        self._done.pop(entry.key, None)
        self._done[entry.key] = entry
        if len(self._done) > MOST_DONE:
            _, oldest_of_all = self._done.popitem(last=False)
            if all(key not in self._done for key in self._done_of_path[oldest_of_all.path]):
                del self._done_of_path[oldest_of_all.path]
        keys = self._done_of_path.setdefault(entry.path, [])
        keys.append(entry.key)
        if len(keys) > DONE_FOR_EACH_PATH:
            oldest = self._done.get(keys[0])
            if oldest is not None and keys[0] not in keys[1:] and oldest.path == entry.path:
                del self._done[keys[0]]
            del keys[0]

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
        found = [self._done.get(key) for key in self._done_of_path.get(path, ())]
        of_path = [each.ordinal for each in found if each is not None and each.path == path]
        return max(of_path, default=-1) + 1

    def forget(self, key: FileKey) -> None:
        """Forget a finished generation: it is followed again, or its inode has another file."""
        self._done.pop(key, None)

    def done(self) -> list[Entry]:
        """Return what is remembered, for the checkpoint."""
        return list(self._done.values())

    def _park(self, besides: Generation) -> None:
        """Close the files that have been quiet the longest; they are opened again to be read."""
        quiet = [
            generation
            for generation in self.held.values()
            if generation.descriptor != CLOSED
            and generation.detached_at is None
            and generation is not besides
            and not generation.has_unread
            and not generation.has_in_flight
        ]
        quiet.sort(key=lambda generation: generation.grown_at)
        for generation in quiet[:PARKED_AT_ONCE]:
            _ = generation.birth_ns  # to know it again
            generation.close()
            self.open_files -= 1
