"""The checkpoint on disk: how far each file is acknowledged, safe against crash and full disk."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from pillion.errors import ConfigurationError
from pillion.tail.checkpoint.format import Snapshot, UnreadableError, decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion.log import Logger

CURRENT = "tail.checkpoint"
PREVIOUS = "tail.checkpoint.previous"
FRESH = "tail.checkpoint.new"
ASIDE = "tail.checkpoint.unreadable"
LOCK = "tail.lock"


class CheckpointStore(Protocol):
    """Where the positions of one tailer are kept; `Checkpoint` on disk, or `MemoryCheckpoint`."""

    @property
    def writes(self) -> int:
        """How many writes have succeeded."""
        ...

    @property
    def failures(self) -> int:
        """How many have failed."""
        ...

    @property
    def unreadable(self) -> int:
        """How many copies could not be read at the start."""
        ...

    @property
    def was_lost(self) -> bool:
        """Whether there was a checkpoint, and no copy of it could be read."""
        ...

    def load(self, log: Logger) -> Snapshot:
        """Take the store for this tailer and return what it holds."""
        ...

    def save(self, lines: Iterable[bytes], looked_ns: int) -> bool:
        """Keep the lines of `encode_entry`; return whether they are safe."""
        ...

    def close(self) -> None:
        """Let the store go."""
        ...


class Checkpoint:
    """A directory that keeps the positions of one tailer.

    A write goes to a fresh file that is synced and then takes the place of the current one, which
    stays as the previous copy. A copy that cannot be read is set aside and reported, and the
    previous one is used; without that, every file is read from its beginning. A directory that
    cannot be written is reported once, and tried again at every write.

    Attributes:
        directory: where the files are; made if it is not there.
        writes: how many writes have succeeded.
        failures: how many have failed.
        unreadable: how many copies could not be read at the start.
        was_lost: there was a checkpoint, and no copy of it could be read.
    """

    __slots__ = (
        "_is_failing",
        "_lock",
        "_log",
        "directory",
        "failures",
        "unreadable",
        "was_lost",
        "writes",
    )

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self.directory = os.path.abspath(os.fspath(directory))
        self.writes = 0
        self.failures = 0
        self.unreadable = 0
        self.was_lost = False
        self._lock = -1
        self._log: Logger | None = None
        self._is_failing = False

    def load(self, log: Logger) -> Snapshot:
        """Take the directory for this process and return what it holds.

        Raises:
            ConfigurationError: another process is using the directory, or it is no directory.
        """
        self._log = log.bind(directory=self.directory)
        self._take()
        for name in (CURRENT, FRESH, PREVIOUS):
            snapshot = self._read(name)
            if snapshot is not None:
                self.was_lost = False
                if name == FRESH:
                    self._complete()
                return snapshot
        return Snapshot()

    def _complete(self) -> None:
        """Finish the write that was cut short; the next one begins by emptying the fresh file."""
        try:
            os.replace(self._path(FRESH), self._path(CURRENT))
            self._sync_directory()
        except OSError as error:
            self._report(f"{FRESH} cannot take the place of {CURRENT}: {error.strerror}")

    def save(self, lines: Iterable[bytes], looked_ns: int) -> bool:
        """Write the lines of `encode_entry` as the new checkpoint; return whether it is safe."""
        try:
            self._write(encode(lines, looked_ns))
        except OSError as error:
            self.failures += 1
            if not self._is_failing and self._log:
                self._log.error(
                    "the checkpoint cannot be written, so a restart would deliver again what was "
                    "delivered since the last one; it is tried again at every write",
                    error=error.strerror,
                )
            self._is_failing = True
            return False
        if self._is_failing and self._log:
            self._log.info("the checkpoint is written again")
        self._is_failing = False
        self.writes += 1
        return True

    def close(self) -> None:
        """Let the directory go."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _path(self, name: str) -> str:
        return f"{self.directory}/{name}"

    def _take(self) -> None:
        try:
            os.makedirs(self.directory, exist_ok=True)
            self._lock = os.open(self._path(LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except (FileExistsError, NotADirectoryError):
            raise ConfigurationError(
                f"{self.directory} is to hold the checkpoint, and is not a directory"
            ) from None
        except OSError as error:
            self._report(f"the checkpoint has no place to be written to: {error.strerror}")
            return
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise ConfigurationError(
                f"{self.directory} is in use by another process; give each a directory of its own"
            ) from None
        except OSError:
            self._report("the file system has no locks; see that no other process uses this")

    def _report(self, sentence: str) -> None:
        if self._log:
            self._log.warning(sentence)

    def _read(self, name: str) -> Snapshot | None:
        try:
            with open(self._path(name), "rb") as file:
                text = file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._unreadable(name, error.strerror or str(error))
            return None
        try:
            return decode(text)
        except UnreadableError as error:
            self._unreadable(name, str(error))
            return None

    def _unreadable(self, name: str, why: str) -> None:
        self.unreadable += 1
        self.was_lost = True
        try:
            os.replace(self._path(name), self._path(ASIDE))
            what_now = f"it is kept as {ASIDE}, and the next best is used"
        except OSError:
            what_now = "the next best is used"
        self._report(f"{name} cannot be read: {why}; {what_now}")

    def _write(self, text: bytes) -> None:
        fresh, current, previous = self._path(FRESH), self._path(CURRENT), self._path(PREVIOUS)
        os.makedirs(self.directory, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            view = memoryview(text)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        except OSError:
            with suppress(OSError):
                os.unlink(fresh)
            raise
        finally:
            os.close(descriptor)
        with suppress(FileNotFoundError):
            os.replace(current, previous)
        os.replace(fresh, current)
        self._sync_directory()

    def _sync_directory(self) -> None:
        descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
