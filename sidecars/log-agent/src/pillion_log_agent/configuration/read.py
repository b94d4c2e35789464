"""Reading configuration from the disk: the files, what they include, and their parsers' files."""

from __future__ import annotations

import errno
import glob
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.files import PIPE_SECONDS, read_bounded
from pillion_log_agent.configuration.classic import Assignment, Include, Item, parse_classic
from pillion_log_agent.configuration.fluentd.sign import is_fluentd
from pillion_log_agent.configuration.section import Place, Problems, Section
from pillion_log_agent.configuration.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_LIMIT = 1000
SECTION_LIMIT = 2000
BYTES_LIMIT = 16 * 1024 * 1024  # of all files together


@dataclass(slots=True)
class Sources:
    """What was read.

    Attributes:
        sections: of all files, in order.
        files: every file that was read, so that a change can be noticed.
        warnings: what is odd and not wrong.
    """

    sections: list[Section] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_sources(path: str, environment: Mapping[str, str], problems: Problems) -> Sources:
    """Return the sections of a file, of all that it includes, and of its parsers' files.

    Raises:
        ConfigurationError: there are too many sections, or they unfold into too much.
    """
    reader = _Reader(environment, problems)
    reader.read(path, None)
    for section in list(reader.sources.sections):
        if section.kind != "service":
            continue
        for entry in section.entries:
            if entry.key.lower() == "parsers_file":
                # fluent-bit looks beside the configuration that names the file.
                reader.include(Include(entry.value, entry.place), os.path.dirname(path))
    reader.sources.warnings = reader.variables.missing
    return reader.sources


class _Reader:
    """Reads files one after the other, each once."""

    def __init__(self, environment: Mapping[str, str], problems: Problems) -> None:
        self.sources = Sources()
        self.variables = Variables(environment)
        self._problems = problems
        self._within: list[str] = []
        self._room = BYTES_LIMIT

    def read(self, path: str, included: Place | None) -> None:
        real = os.path.realpath(path)
        if real in self._within or len(self.sources.files) >= FILE_LIMIT:
            self._wrong(included, path, "is included by itself, or there are too many files")
            return
        try:
            items = self._parse(path)
        except ConfigurationError as error:
            prefix = f"{included}: " if included else ""
            self._problems.note(f"{prefix}{error}")
            return
        self.sources.files.append(path)
        if isinstance(items, str):
            self._read_fluentd(items, path)
            return
        self._within.append(real)
        for item in items:
            self._take(item, os.path.dirname(path))
        self._within.pop()

    def include(self, item: Include, directory: str) -> None:
        pattern = self.variables.expand(item.pattern, item.place)
        path = os.path.join(directory, pattern)
        paths = sorted(glob.glob(path)) if glob.has_magic(pattern) else [path]
        if not paths:
            self._wrong(item.place, pattern, "matches no file")
        for each in paths:
            self.read(each, item.place)

    def _take(self, item: Item, directory: str) -> None:
        if isinstance(item, Include):
            self.include(item, directory)
        elif isinstance(item, Assignment):
            value = self.variables.expand(item.value, item.place)
            self.variables.assigned[item.name] = value
        else:
            if len(self.sources.sections) >= SECTION_LIMIT:
                raise ConfigurationError(
                    f"{item.place}: there are more than {SECTION_LIMIT} sections"
                )
            self.sources.sections.append(self.variables.expanded(item))

    def _read_fluentd(self, text: str, path: str) -> None:
        from pillion_log_agent.configuration.fluentd.read import (  # noqa: PLC0415  # only for it
            read_fluentd,
        )

        self.sources.sections += read_fluentd(
            text,
            path,
            self.variables.environment,
            self._problems,
            read_text=self._read_text,
            files=self.sources.files,
        )

    def _read_text(self, path: str) -> str:
        text = _read_text(path, self._room)
        self._room -= len(text)
        return text

    def _parse(self, path: str) -> list[Item] | str:
        """Return what is in a file; the text where it is fluentd's."""
        text = self._read_text(path)
        if path.endswith((".yaml", ".yml")):
            from pillion.configuration import Document  # YAML: 2.6 MB  # noqa: PLC0415
            from pillion_log_agent.configuration.structured import (  # noqa: PLC0415
                parse_structured,
            )

            return parse_structured(Document.parse(text, path), self._problems)
        return text if is_fluentd(text) else parse_classic(text, path, self._problems)

    def _wrong(self, place: Place | None, path: str, sentence: str) -> None:
        self._problems.add(place or Place(path, 1), path, sentence)


def _read_text(path: str, room: int) -> str:
    try:
        raw = read_bounded(path, room, wait=PIPE_SECONDS)
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
        if error.errno == errno.EFBIG:
            why = "is larger than 16 MiB, with what was read before it"
        raise ConfigurationError(f"{path}: {why}") from None
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path}:{line}: is not UTF-8 text") from None
