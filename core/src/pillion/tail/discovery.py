"""Finding the files: the paths that the patterns stand for now, and the directories to watch."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pillion.tail.patterns import is_glob, name_regex, path_regex

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence


@dataclass(slots=True)
class Found:
    """What one search found.

    Attributes:
        paths: the files, without repetition, in the order of patterns and names. A path that is
            given literally is always among them, whether something is there or not.
        directories: where a new file could appear, as far as they exist.
        unreadable: directories that may not be listed, with the words of the system.
        empty: the globs that match nothing.
    """

    paths: dict[str, None] = field(default_factory=dict)
    directories: set[str] = field(default_factory=set)
    unreadable: dict[str, str] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)


class Discovery:
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
        if any(pattern.fullmatch(path) for pattern in self._exclude):
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
        if not any(pattern.fullmatch(path) for pattern in self._exclude):
            found.paths[path] = None

    def _walk(self, base: str, segments: list[str], found: Found) -> None:
        segment, rest = segments[0], segments[1:]
        if segment == "**":
            self._walk(base, rest or ["*"], found)
            for name in self._names_in(base, found, directories=True, links=False):
                if not name.startswith("."):
                    self._walk(f"{base}/{name}", segments, found)
        elif not is_glob(segment):
            path = f"{base}/{segment}"
            if rest:
                self._walk(path, rest, found)
            elif os.path.lexists(path):
                self._add(path, found)
        else:
            regex = self._names.setdefault(segment, name_regex(segment))
            for name in self._names_in(base, found, directories=bool(rest)):
                if regex.fullmatch(name):
                    path = f"{base}/{name}"
                    if rest:
                        self._walk(path, rest, found)
                    else:
                        self._add(path, found)

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
