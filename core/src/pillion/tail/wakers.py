"""When to look again: the seam between the tailer and time.

Polling is the truth: whatever a waker says, each file is looked at in its turn. A waker only
makes that turn come sooner.
"""

from __future__ import annotations

import os
import select
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection
    from collections.abc import Set as AbstractSet


class Waker(Protocol):
    """Says when the tailer should take its next step."""

    def watch(self, directories: AbstractSet[str]) -> None:
        """Take hints from these directories, and from no others, from now on."""
        ...

    def watches(self, directory: str) -> bool:
        """Return whether a change in the directory would be noticed without polling."""
        ...

    def hints(self) -> Collection[str]:
        """Return, once, the paths in which something seems to have changed."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait until there is a hint, or `wake` is called, or the time is over."""
        ...

    def wake(self) -> None:
        """End the wait that is going on, or the next one; from any thread or signal handler."""
        ...

    def fileno(self) -> int:
        """Return the descriptor that is readable when `wait` would return at once."""
        ...

    def rest(self) -> None:
        """Make that descriptor unreadable again, for code that waits on it itself."""
        ...

    def close(self) -> None:
        """Stop watching and let all descriptors go."""
        ...


class PollingWaker:
    """Waits for time alone: what works everywhere, at the price of latency on quiet files."""

    __slots__ = ("_is_woken", "_poll", "_reader", "_writer")

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._reader, select.POLLIN)
        self._is_woken = False

    def watch(self, directories: AbstractSet[str]) -> None:
        """Watch nothing."""

    def watches(self, directory: str) -> bool:  # noqa: ARG002  # the protocol's
        """Return False: nothing is watched."""
        return False

    def hints(self) -> Collection[str]:
        """Return nothing."""
        return ()

    def wait(self, seconds: float) -> None:
        """Sleep until `wake` or the end of the time."""
        if self._poll.poll(max(0.0, seconds) * 1000):
            self.rest()

    def wake(self) -> None:
        """Write to the pipe that `wait` sleeps on; one byte is enough for many calls."""
        if not self._is_woken:
            self._is_woken = True
            try:
                os.write(self._writer, b"\0")
            except OSError:  # full, so it wakes anyway, or closed, so nobody waits
                return

    def rest(self) -> None:
        """Empty the pipe, after it has woken someone."""
        with suppress(BlockingIOError):
            os.read(self._reader, 4096)
        # Last: a `wake` in between writes nothing, and who is awake already needs nothing.
        self._is_woken = False

    def fileno(self) -> int:
        """Return the reading end of the pipe."""
        return self._reader

    def close(self) -> None:
        """Close the pipe; doing so again does nothing."""
        if self._reader >= 0:
            self._poll.unregister(self._reader)
            os.close(self._reader)
            os.close(self._writer)
            self._reader = self._writer = -1
