"""The waker that takes hints from inotify, through watchdog.

One event costs 0.45 ms of CPU on its way through watchdog's threads, as much as a hundred looks
at a file; so a directory in which much happens is not watched for a while, and polled.
"""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING

from pillion.tail.wakers import PollingWaker

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from collections.abc import Set as AbstractSet

    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver, ObservedWatch

    from pillion.log import Logger

MOST_DIRECTORIES = 64
"""Each watched directory costs a thread."""
MOST_HINTS = 4096
BUSY_EVENTS = 20
BUSY_SECONDS = 0.5
PAUSE_SECONDS = 2.0
LONGEST_PAUSE = 60.0


class InotifyWaker:
    """Watches directories; where that fails, it is a `PollingWaker` and has said so once."""

    __slots__ = ("_clock", "_hints", "_log", "_observer", "_refused", "_sleep", "_watched")

    def __init__(self, log: Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._sleep = PollingWaker()
        self._log = log
        self._clock = clock
        self._hints: deque[str] = deque(maxlen=MOST_HINTS)
        self._observer: BaseObserver | None = None
        self._watched: dict[str, _Watched] = {}
        self._refused = False

    def watch(self, directories: AbstractSet[str]) -> None:
        """Watch these directories, as far as they are quiet and the kernel lets us."""
        now = self._clock()
        for directory in [name for name in self._watched if name not in directories]:
            self._stop(self._watched.pop(directory))
        for directory in sorted(directories):
            watched = self._watched.get(directory)
            if watched is None:
                if len(self._watched) >= MOST_DIRECTORIES:
                    break
                watched = self._watched[directory] = _Watched(self, directory)
            self._see_to(watched, now)

    def watches(self, directory: str) -> bool:
        """Return whether inotify is at work on the directory."""
        watched = self._watched.get(directory)
        return watched is not None and watched.handle is not None

    def hints(self) -> Collection[str]:
        """Return the paths of the events since the last call."""
        hints = set()
        while self._hints:
            hints.add(self._hints.popleft())
        return hints

    def wait(self, seconds: float) -> None:
        """Sleep until there is a hint, or `wake`, or the end of the time."""
        self._sleep.wait(0 if self._hints else seconds)

    def wake(self) -> None:
        """End the wait."""
        self._sleep.wake()

    def rest(self) -> None:
        """Empty the pipe, after it has woken someone."""
        self._sleep.rest()

    def fileno(self) -> int:
        """Return the descriptor that becomes readable with a hint."""
        return self._sleep.fileno()

    def close(self) -> None:
        """Stop the threads of watchdog."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None
        self._sleep.close()

    def take(self, event: FileSystemEvent, watched: _Watched) -> None:
        """Take an event, in a thread of watchdog."""
        watched.events += 1
        for path in (event.src_path, event.dest_path):
            if path:
                self._hints.append(os.fsdecode(path))
        self._sleep.wake()

    def _see_to(self, watched: _Watched, now: float) -> None:
        """Start, keep, or stop the watch of one directory, by how much happens in it."""
        if watched.handle is None:
            if now >= watched.paused_until:
                self._start(watched, now)
            return
        if watched.events >= BUSY_EVENTS:
            is_busy = now - watched.counted_at <= BUSY_SECONDS * watched.events / BUSY_EVENTS
            if is_busy:
                self._stop(watched)
                watched.paused_until = now + watched.pause
                watched.pause = min(2 * watched.pause, LONGEST_PAUSE)
                return
        if now - watched.counted_at > BUSY_SECONDS:
            watched.events = 0
            watched.counted_at = now
        if now - watched.started_at > 2 * watched.pause:
            watched.pause = PAUSE_SECONDS
        if _inode(watched.directory) != watched.inode:
            # The directory was replaced: what is watched is not what is there.
            self._stop(watched)

    def _start(self, watched: _Watched, now: float) -> None:
        inode = _inode(watched.directory)
        if inode is None or self._refused:
            return
        try:
            observer = self._running_observer()
            from watchdog.events import (  # noqa: PLC0415  # imported with the observer
                DirCreatedEvent,
                FileCreatedEvent,
                FileDeletedEvent,
                FileModifiedEvent,
                FileMovedEvent,
            )

            # Without a filter our own opening and closing of files would come back as events.
            kinds: list[type[FileSystemEvent]] = [
                DirCreatedEvent,
                FileCreatedEvent,
                FileDeletedEvent,
                FileModifiedEvent,
                FileMovedEvent,
            ]
            watched.handle = observer.schedule(
                watched,  # type: ignore[arg-type]  # its one method; the class would cost an import
                watched.directory,
                event_filter=kinds,
            )
        except (FileNotFoundError, NotADirectoryError):
            return  # it has gone since; when it comes back it is watched
        except OSError as error:
            self._refused = True
            self._log.warning(
                "inotify is not to be had, so quiet files are polled; only latency changes",
                directory=watched.directory,
                error=error.strerror or str(error),
            )
            return
        watched.inode = inode
        watched.events = 0
        watched.started_at = watched.counted_at = now

    def _running_observer(self) -> BaseObserver:
        if self._observer is None:
            import logging  # watchdog needs it anyway  # noqa: PLC0415

            # With its threads 3.6 MB, on top of what settings and log cost anyway.
            from watchdog.observers import Observer  # noqa: PLC0415

            # What its threads meet at their end is nobody's trouble, and no line of our log.
            logging.getLogger("watchdog").addHandler(logging.NullHandler())
            observer = Observer(timeout=60)
            observer.start()
            self._observer = observer
        return self._observer

    def _stop(self, watched: _Watched) -> None:
        if watched.handle is not None and self._observer is not None:
            self._observer.unschedule(watched.handle)
        watched.handle = None


class _Watched:
    """One directory, and the handler that watchdog calls for it."""

    __slots__ = (
        "_waker",
        "counted_at",
        "directory",
        "events",
        "handle",
        "inode",
        "pause",
        "paused_until",
        "started_at",
    )

    def __init__(self, waker: InotifyWaker, directory: str) -> None:
        self._waker = waker
        self.directory = directory
        self.handle: ObservedWatch | None = None
        self.inode: tuple[int, int] | None = None
        self.events = 0
        self.started_at = 0.0
        self.counted_at = 0.0
        self.paused_until = 0.0
        self.pause = PAUSE_SECONDS

    def dispatch(self, event: FileSystemEvent) -> None:
        """Pass an event on; the one method of a handler that watchdog calls."""
        self._waker.take(event, self)


def _inode(directory: str) -> tuple[int, int] | None:
    try:
        seen = os.stat(directory)
    except OSError:
        return None
    return seen.st_dev, seen.st_ino
