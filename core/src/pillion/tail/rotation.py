"""Old generations of a path: their names, and how they are found beside it."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from stat import S_ISREG
from typing import TYPE_CHECKING

from pillion.tail.fingerprint import HEAD_BYTES, TRAIL_BYTES, birth_at, birth_of, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pillion.tail.checkpoint.format import Entry
    from pillion.tail.fingerprint import FileKey
    from pillion.tail.generation import Generation

_DATED = r"[0-9][0-9TZ:._+-]*"
_SUFFIX = re.compile(rf"[._-](?:{_DATED}|old|bak|prev|save|rotated)", re.ASCII | re.IGNORECASE)
_SEPARATOR = re.compile(r"[._-]")
_COMPRESSED = re.compile(r"(.+)\.(?:gz|bz2|xz|zst|lz4|Z)", re.DOTALL)


class Verdict(Enum):
    """What became of the file at a path since the last look."""

    SAME = auto()
    GROWN = auto()
    TOUCHED = auto()
    """As long as before, and written to: its content decides whether it is the same."""
    SHORTENED = auto()
    """Cut, but not below the position: what is left can be read, what was cut is lost."""
    TRUNCATED = auto()
    """Cut below the position: what it holds now is another generation."""
    REPLACED = auto()
    """Another file is at the path."""


def judge(held: Generation, seen: os.stat_result) -> Verdict:
    """Return what the stat of a path means for the generation that was found there."""
    if (seen.st_dev, seen.st_ino) != held.key:
        return Verdict.REPLACED
    size = seen.st_size
    if size < held.offset or (size < held.size and not held.offset):
        return Verdict.TRUNCATED
    if size > held.size:
        return Verdict.GROWN
    if size < held.size:
        return Verdict.SHORTENED
    return Verdict.SAME if seen.st_mtime_ns == held.mtime_ns else Verdict.TOUCHED


def is_old_name(name: str, current: str) -> bool:
    """Return whether `name` is what rotation makes of `current`.

    `app.log` becomes `app.log.1`, `app.log-20240131`, `app.log.2024-01-31_10`, `app.log.old`, or,
    before its extension, `app-20240131.log` and `app.1.log`.
    """
    if name == current:
        return False
    if name.startswith(current):
        return _SUFFIX.fullmatch(name, len(current)) is not None
    stem, dot, extension = current.rpartition(".")
    if not dot or not stem or not name.startswith(stem):
        return False
    end = len(name) - len(extension) - 1
    return name.endswith(dot + extension) and bool(_SUFFIX.fullmatch(name, len(stem), end))


def original_names(name: str) -> Iterator[str]:
    """Yield the names that rotation may have made `name` of, the shortest first.

    What `is_old_name` asks, the other way round.
    """
    stem, dot, extension = name.rpartition(".")
    for place in _SEPARATOR.finditer(name):
        begin = place.start()
        if begin and _SUFFIX.fullmatch(name, begin):
            yield name[:begin]
        if begin and dot and begin < len(stem) and _SUFFIX.fullmatch(stem, begin):
            yield f"{name[:begin]}.{extension}"


def is_compressed_name(name: str, current: str) -> bool:
    """Return whether `name` is an old one of `current`, compressed."""
    match = _COMPRESSED.fullmatch(name)
    return match is not None and is_old_name(match[1], current)


OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""Without blocking, since a FIFO may have taken the place of the file."""
OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
MOST_SEARCHES = 8
AMBIGUOUS_BYTES = 64 * 1024
"""Two generations may begin with so much of the same; a banner is no longer than that."""


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
    directories = directories_of(path)
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


def old_generations(path: str) -> list[Sibling]:
    """Return what lies beside the path under an old name, the least recently written first."""
    current = os.path.basename(path)
    found = []
    for entry in _entries(path):
        if is_old_name(entry.name, current):
            with suppress(OSError):
                seen = entry.stat(follow_symlinks=False)
                if S_ISREG(seen.st_mode) and seen.st_size:
                    found.append(_sibling(entry.path, seen))
    found.sort(key=lambda sibling: (sibling.mtime_ns, sibling.birth_ns))
    return found


def open_original(entry: Entry) -> int | None:
    """Open the very file of a checkpoint entry where it was renamed to, in its own directory.

    Whatever is in it by now: it may have been cut.
    """
    return steadily(entry.path, lambda: _open_original(entry))


def _open_original(entry: Entry) -> int | None:
    current = os.path.basename(entry.path)
    for candidate in _entries(entry.path):
        if candidate.inode() != entry.key[1]:
            continue
        # Without a birth time or a byte of content to go by, only the name tells it from another
        # that was given the same inode.
        is_known = entry.birth_ns or entry.fingerprint.head_length
        if is_known or is_old_name(candidate.name, current):
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


def is_mere_copy(copy: Sibling, copied: int, live: int) -> bool:
    """Return whether a file was copied and then went on, in place of being cut and filled again.

    Args:
        copy: what lies beside it.
        copied: the same, open.
        live: the file, open.

    Where both begin with all that is in the copy, only time can tell: a file that was last
    written before the copy was made was not cut since. Else what is short, or the same again and
    again, may have been written twice, and is taken for that: better read again than never.
    """
    size = copy.size
    seen = os.fstat(live)
    if size > seen.st_size or (copy.birth_ns and birth_of(live) > copy.birth_ns):
        return False
    for length, at in ((min(size, HEAD_BYTES), 0), (min(size, TRAIL_BYTES), -1)):
        offset = size - length if at else 0
        if os.pread(copied, length, offset) != os.pread(live, length, offset):
            return False
    # At the same time is not before: a clock tick has room for a copy, a cut and a write.
    return seen.st_mtime_ns < copy.made_ns or not is_ambiguous(copied, size)


def is_ambiguous(descriptor: int, size: int) -> bool:
    """Return whether another generation may well begin with the same, up to this size.

    What is short may be a banner, and what ends as it went on before may be the same line again.
    """
    if size <= AMBIGUOUS_BYTES:
        return True
    block = os.pread(descriptor, AMBIGUOUS_BYTES, size - AMBIGUOUS_BYTES)
    trail = block[-TRAIL_BYTES:]
    return block.find(trail) < len(block) - len(trail)


def was_compressed(path: str, since_ns: int) -> bool:
    """Return whether a compressed old generation of the path has appeared since then."""
    current = os.path.basename(path)
    for entry in _entries(path):
        if is_compressed_name(entry.name, current):
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


def directories_of(path: str) -> list[str]:
    """Return the directory of a path, and that of what it links to."""
    both = (os.path.dirname(path), os.path.dirname(os.path.realpath(path)))
    return list(dict.fromkeys(both))


def _entries(path: str) -> Iterator[os.DirEntry[str]]:
    for directory in directories_of(path):
        with suppress(OSError), os.scandir(directory) as entries:
            yield from entries
