"""Old generations beside a path, under the names that rotation gives them."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from stat import S_ISREG
from typing import TYPE_CHECKING

from pillion.tail.fingerprint import birth_at, birth_of, key_of
from pillion.tail.rotation.names import is_compressed_name, is_old_name, original_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pillion.tail.checkpoint.format import Entry
    from pillion.tail.fingerprint import FileKey

OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""Without blocking, since a FIFO may have taken the place of the file."""
OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
MOST_SEARCHES = 8
MOST_LISTED = 256
"""Directories whose listing is kept."""
CLOCK_SLACK_NS = 20_000_000
"""Time stamps of files come from a clock that is up to one tick of the kernel late."""


@dataclass(frozen=True, slots=True)
class Sibling:
    """A regular file in the directory of a path, whose name is an old one of the path's.

    Attributes:
        path: where it is.
        key: device and inode.
        size: in bytes.
        mtime_ns: when it was last written to.
        birth_ns: when it was created; 0 where that is not known.
    """

    path: str
    key: FileKey
    size: int
    mtime_ns: int
    birth_ns: int

    @property
    def made_ns(self) -> int:
        """When it was created, as far as that is known."""
        return self.birth_ns or self.mtime_ns

    @property
    def touched_ns(self) -> int:
        """The last time at which it was surely not there, or not whole yet."""
        return max(self.birth_ns, self.mtime_ns)

    def open(self) -> int | None:
        """Open it, unless something else is at its path by now, or it may not be read.

        Raises:
            OSError: there are no descriptors left; it can be tried again.
        """
        descriptor = open_regular(self.path)
        if descriptor is None or key_of(descriptor) == self.key:
            return descriptor
        os.close(descriptor)
        return None


def last_change(directories: Iterable[str]) -> int:
    """Return when a name was last added to one of the directories, or taken away."""
    return max(map(_changed_ns, directories))


def steadily(path: str, search: Callable[[], int | None]) -> int | None:
    """Search beside a path, and again where names have changed meanwhile and nothing was found.

    Rotation renames one after the other, and a file that is renamed during a search is met twice
    or not at all.
    """
    directories = _directories(path)
    for _ in range(MOST_SEARCHES):
        before = last_change(directories)
        found = search()
        if found is not None or last_change(directories) == before:
            return found
    return None


def _changed_ns(directory: str) -> int:
    try:
        return os.stat(directory).st_mtime_ns
    except OSError:
        return 0


class OldGenerations:
    """What lies beside paths under old names.

    A directory is listed again once names in it have changed: where thousands of files are
    written to, each of them asks.
    """

    __slots__ = ("_listed", "_wall_ns")

    def __init__(self, wall_ns: Callable[[], int]) -> None:
        self._wall_ns = wall_ns
        self._listed: dict[str, tuple[int, dict[str, list[str]]]] = {}

    def beside(self, path: str) -> list[Sibling]:
        """Return the files under old names of a path, the least recently written first."""
        paths = {
            f"{directory}/{old}": None
            for directory, name in _places(path)
            for old in self._old_names(directory).get(name, ())
        }
        found = []
        for old in paths:
            with suppress(OSError):
                seen = os.stat(old, follow_symlinks=False)
                if S_ISREG(seen.st_mode) and seen.st_size:
                    found.append(_sibling(old, seen))
        found.sort(key=lambda sibling: (sibling.mtime_ns, sibling.birth_ns))
        return found

    def _old_names(self, directory: str) -> dict[str, list[str]]:
        """Return the old names in a directory, by each name that they may have been made of."""
        changed_ns, now_ns = _changed_ns(directory), self._wall_ns()
        listed = self._listed.get(directory)
        if listed is not None and listed[0] == changed_ns:
            return listed[1]
        found: dict[str, list[str]] = {}
        with suppress(OSError):
            for old in os.listdir(directory):
                for name in original_names(old):
                    found.setdefault(name, []).append(old)
        if len(self._listed) >= MOST_LISTED:
            self._listed.clear()
        if now_ns - changed_ns > CLOCK_SLACK_NS:
            self._listed[directory] = changed_ns, found
        else:
            # It may change again at what the clock says is the same time.
            self._listed.pop(directory, None)
        return found


def open_original(entry: Entry) -> int | None:
    """Open the very file of a checkpoint entry where it was renamed to, in its own directory.

    Whatever is in it by now: it may have been cut.
    """
    return steadily(entry.path, lambda: _open_original(entry))


def _open_original(entry: Entry) -> int | None:
    for candidate, name in _entries(entry.path):
        if candidate.inode() != entry.key[1]:
            continue
        # Without a birth time or a byte of content to go by, only the name tells it from another
        # that was given the same inode.
        is_known = entry.birth_ns or entry.fingerprint.head_length
        if is_known or is_old_name(candidate.name, name):
            descriptor = open_regular(candidate.path)
            if descriptor is not None:
                if is_original(descriptor, entry):
                    return descriptor
                os.close(descriptor)
    return None


def is_original(descriptor: int, entry: Entry) -> bool:
    """Return whether an open file is the one of an entry: whatever is in it by now.

    A device may have another number after the machine has started again; the inode and the time
    of birth are the same then.
    """
    key = key_of(descriptor)
    if key[1] != entry.key[1]:
        return False
    birth = birth_of(descriptor) if entry.birth_ns else 0
    if birth:
        return birth == entry.birth_ns
    return key == entry.key


def was_compressed(path: str, since_ns: int) -> bool:
    """Return whether a compressed old generation of the path has appeared since then."""
    for entry, name in _entries(path):
        if is_compressed_name(entry.name, name):
            with suppress(OSError):
                if entry.stat().st_ctime_ns >= since_ns:
                    return True
    return False


def open_regular(path: str) -> int | None:
    """Open a regular file; return None where there is none, or it may not be read.

    Raises:
        OSError: there are no descriptors left.
    """
    try:
        descriptor = os.open(path, OPEN_FLAGS)
    except OSError as error:
        if error.errno in OUT_OF_DESCRIPTORS:
            raise
        return None
    if S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def _sibling(path: str, seen: os.stat_result) -> Sibling:
    key = (seen.st_dev, seen.st_ino)
    return Sibling(path, key, seen.st_size, seen.st_mtime_ns, birth_at(path))


def _directories(path: str) -> list[str]:
    return list(dict.fromkeys(directory for directory, _ in _places(path)))


def _places(path: str) -> list[tuple[str, str]]:
    """Return each directory in which rotation may rename a path, and the name that it has there.

    Of a link, what it leads to is renamed: kubelet rotates `0.log` under links to it. Or the link
    is led to the next of files that are named after it.
    """
    (directory, name), (target, target_name) = (
        os.path.split(path),
        os.path.split(os.path.realpath(path)),
    )
    return list(dict.fromkeys([(directory, name), (target, name), (target, target_name)]))


def _entries(path: str) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Yield what is in the directories, with the name that the path has in each."""
    for directory, name in _places(path):
        with suppress(OSError), os.scandir(directory) as entries:
            for entry in entries:
                yield entry, name
