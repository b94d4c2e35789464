"""Reads nginx.conf and what it includes."""

from __future__ import annotations

import glob
import os
from dataclasses import replace
from pathlib import Path

from pillion.errors import ConfigurationError
from pillion_nginx_exporter.nginx_config.access_logs import (
    NO_FILE,
    STREAMS,
    FoundLog,
    FoundLogs,
    access_logs,
)
from pillion_nginx_exporter.nginx_config.directives import (
    Directive,
    NginxSyntaxError,
    parse_directives,
)

_MOST_BYTES = 8 * 1024 * 1024
_MOST_FILES = 1000
_DEEPEST = 16


def read_access_logs(path: str) -> FoundLogs:
    """Return the access logs of a configuration; relative paths are made absolute.

    As with nginx, `include` is relative to the folder of nginx.conf. So are logs here, for the
    prefix of nginx cannot be known.

    Raises:
        ConfigurationError: a file cannot be read, or has a syntax error.
    """
    folder = os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120
    found = access_logs(_Reading(folder).read(path, 0))
    logs: list[FoundLog] = []
    notes = [*found.notes]
    for log in found.logs:
        where = os.path.join(folder, log.path)  # noqa: PTH118
        if log.path and os.path.islink(where) and os.readlink(where) in STREAMS:  # noqa: PTH114, PTH115
            notes.append(f"access_log {log.path} {NO_FILE}")
        else:
            logs.append(replace(log, path=where) if log.path else log)
    return FoundLogs(tuple(logs), tuple(notes))


class _Reading:
    """Reads files, all together only so many."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._files = 0
        self._bytes = 0

    def read(self, path: str, depth: int) -> tuple[Directive, ...]:
        self._files += 1
        try:
            with Path(path).open("rb") as file:
                data = file.read(_MOST_BYTES - self._bytes + 1)
        except OSError as error:
            raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
        self._bytes += len(data)
        if self._bytes > _MOST_BYTES or self._files > _MOST_FILES or depth > _DEEPEST:
            raise ConfigurationError(
                f"{path}: the configuration is too big: {_MOST_FILES} files, {_MOST_BYTES} bytes "
                f"and includes {_DEEPEST} deep are the most"
            )
        try:
            directives = parse_directives(data.decode("utf-8", "replace"))
        except NginxSyntaxError as error:
            raise ConfigurationError(f"{path}: {error}") from error
        return self._included(directives, depth)

    def _included(self, directives: tuple[Directive, ...], depth: int) -> tuple[Directive, ...]:
        found: list[Directive] = []
        for one in directives:
            if one.name == "include" and one.arguments:
                for path in self._files_of(one.arguments[0]):
                    found += self.read(path, depth + 1)
            elif one.block is not None:
                found.append(replace(one, block=self._included(one.block, depth)))
            else:
                found.append(one)
        return tuple(found)

    def _files_of(self, pattern: str) -> list[str]:
        path = os.path.join(self._folder, pattern)  # noqa: PTH118
        # As with nginx, a pattern may match nothing; a name has to be there.
        return sorted(glob.glob(path)) if glob.has_magic(path) else [path]  # noqa: PTH207
