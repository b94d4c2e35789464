"""Where an input without a file stands, over restarts: one text, on disk before it counts.

It is written beside the one before, synced, and renamed over it; the one before is kept. A copy
that cannot be read is said and counted, and the other is taken.
"""

from __future__ import annotations

import json
import os
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pillion.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.log import Logger
    from pillion_log_agent.inputs.input import InputContext

VERSION = 1
LIMIT = 1024 * 1024
_NAMES = ("position", "position.previous")


def position_directory(db: str | None, context: InputContext) -> str | None:
    """Return where a position is kept: beside `db`, else below the state directory."""
    if db:
        return os.path.realpath(f"{db}.pillion")
    return os.path.realpath(os.path.join(context.state, context.name)) if context.state else None


class PositionStore:
    """Keeps the position of one input.

    Attributes:
        failures: writes that have failed.
        unreadable: copies that could not be read at the start.
    """

    def __init__(self, directory: str, sync: Callable[[], None], log: Logger) -> None:
        """Take where, and what has the outputs sync before a position is kept."""
        self._directory = directory
        self._sync = sync
        self._log = log
        self._has_failed = False
        self.failures = 0
        self.unreadable = 0

    def prepare(self) -> None:
        """Make the directory; raises ConfigurationError."""
        try:
            os.makedirs(self._directory, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(
                f"db: {self._directory} cannot be made: {error.strerror}"
            ) from None

    def load(self) -> str | None:
        """Return the position; None where there is none, or no copy can be read."""
        for name in _NAMES:
            path = os.path.join(self._directory, name)
            try:
                with open(path, "rb") as file:
                    return _position_of(file.read(LIMIT))
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                self.unreadable += 1
                self._log.warning("a position cannot be read", file=path, reason=str(error))
        return None

    def save(self, position: str) -> bool:
        """Sync the outputs, and keep a position; return whether it is on disk."""
        try:
            self._sync()
            self._write(position)
        except OSError as error:
            self.failures += 1
            if not self._has_failed:
                self._log.error(  # as above
                    "the position cannot be kept; it is tried again",
                    directory=self._directory,
                    reason=error.strerror,
                )
            self._has_failed = True
            return False
        self._has_failed = False
        return True

    def _write(self, position: str) -> None:
        document = {"version": VERSION, "position": position, "check": _check(position)}
        current, previous = (os.path.join(self._directory, name) for name in _NAMES)
        temporary = f"{current}.new"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            os.replace(current, previous)
        os.replace(temporary, current)
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _position_of(data: bytes) -> str:
    try:
        document: Any = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    position = document.get("position") if isinstance(document, dict) else None
    if not isinstance(position, str) or document.get("version") != VERSION:
        raise ValueError("it has no position of this version")
    if document.get("check") != _check(position):
        raise ValueError("its checksum does not fit")
    return position


def _check(position: str) -> int:
    return zlib.crc32(position.encode("utf-8", "surrogatepass"))
