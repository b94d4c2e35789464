"""Finding the files: the paths that the patterns stand for now, and the directories to watch."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pillion.tail.glob.patterns import is_glob, name_regex, path_regex
from pillion.tail.rotation.names import original_names

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence


@dataclass(slots=True)
class Found:
    """What one search found.

    Attributes:
        paths: the files, without repetition, in the order of patterns and names. A path that is
            given literally is always among them, whether something is there or not.
        rotated: files that a glob does not match, by the path that it would match if rotation had
            not renamed them.
        directories: where a new file could appear, as far as they exist.
        unreadable: directories that may not be listed, with the words of the system.
        empty: the globs that match nothing.
    """

    paths: dict[str, None] = field(default_factory=dict)
    rotated: dict[str, list[str]] = field(default_factory=dict)
    directories: set[str] = field(default_factory=set)
    unreadable: dict[str, str] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)


class GlobSearch:
    """Searches for files by literal paths and globs, less what is excluded.

    Attributes:
        patterns: what to search for, made absolute.
        has_globs: whether a search can find something new.
    """

    def __init__(self, patterns: Sequence[str], exclude: Sequence[str]) -> None:
        self.patterns = tuple(dict.fromkeys(os.path.abspath(pattern) for pattern in patterns))
        self.has_globs = any(is_glob(pattern) for pattern in self.patterns)
        self._exclude = [path_regex(pattern) for pattern in exclude]
        self._include = [path_regex(p) for p in self.patterns if is_glob(p)]
        self._names: dict[str, re.Pattern[str]] = {}

    def covers(self, path: str) -> bool:
        """Return whether the patterns stand for this path, were there a file."""
        if self._is_excluded(path):
            return False
        return path in self.patterns or any(p.fullmatch(path) for p in self._include)

    def search(self) -> Found:
        """Return what is there now."""
        found = Found()
        for pattern in self.patterns:
            if not is_glob(pattern):
                found.directories.add(os.path.dirname(pattern))
                self._add(pattern, found)
                continue
            before = len(found.paths)
            base, segments = _split(pattern)
            self._walk(base, segments, found)
            if len(found.paths) == before:
                found.empty.append(pattern)
        return found

    def _add(self, path: str, found: Found) -> None:
        if not self._is_excluded(path):
            found.paths[path] = None

    def _add_rotated(self, base: str, name: str, regex: re.Pattern[str], found: Found) -> None:
        for original in original_names(name):
            if regex.fullmatch(original) and not self._is_excluded(f"{base}/{original}"):
                found.rotated.setdefault(f"{base}/{original}", []).append(f"{base}/{name}")
                return

    def _is_excluded(self, path: str) -> bool:
        return any(pattern.fullmatch(path) for pattern in self._exclude)

    def _walk(self, base: str, segments: list[str], found: Found) -> None:
        segment, rest = segments[0], segments[1:]
        if segment == "**":
            self._walk(base, rest or ["*"], found)
            for name in self._names_in(base, found, directories=True, links=False):
                if not name.startswith("."):
                    self._walk(f"{base}/{name}", segments, found)
        elif not rest:
            self._add_files(base, segment, found)
        elif not is_glob(segment):
            self._walk(f"{base}/{segment}", rest, found)
        else:
            regex = self._regex(segment)
            for name in self._names_in(base, found, directories=True):
                if regex.fullmatch(name):
                    self._walk(f"{base}/{name}", rest, found)

    def _add_files(self, base: str, segment: str, found: Found) -> None:
        """Add what the last segment stands for in a directory, and what rotation made of such."""
        if not is_glob(segment) and os.path.lexists(f"{base}/{segment}"):
            self._add(f"{base}/{segment}", found)
            return
        regex = self._regex(segment)
        for name in self._names_in(base, found, directories=False):
            if regex.fullmatch(name):
                self._add(f"{base}/{name}", found)
            else:
                self._add_rotated(base, name, regex, found)

    def _regex(self, segment: str) -> re.Pattern[str]:
        return self._names.setdefault(segment, name_regex(segment))

    def _names_in(
        self, base: str, found: Found, *, directories: bool, links: bool = True
    ) -> list[str]:
        """Return the names of the directories, or of all else, in a directory, sorted."""
        try:
            with os.scandir(base or "/") as entries:
                # A link to a directory is not followed by `**`: it may lead back to its start.
                names = [
                    entry.name
                    for entry in entries
                    if _is_directory(entry, links=links) == directories
                ]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            found.unreadable[base] = error.strerror or str(error)
            return []
        found.directories.add(base or "/")
        names.sort()
        return names


def _is_directory(entry: os.DirEntry[str], *, links: bool) -> bool:
    try:
        return entry.is_dir(follow_symlinks=links)
    except OSError:
        return False  # a link to where we may not look; whoever opens it will say so


def _split(pattern: str) -> tuple[str, list[str]]:
    """Return the directory that a search begins in, and the rest of the pattern by names."""
    segments = pattern.split("/")
    first = next(index for index, segment in enumerate(segments) if is_glob(segment))
    return "/".join(segments[:first]), segments[first:]
