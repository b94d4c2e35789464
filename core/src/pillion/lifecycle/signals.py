"""Signals, for a process that may be PID 1: there none of them has a default of its own."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_STOP = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """SIGTERM and SIGINT stop, SIGHUP reloads; a second SIGINT ends the process at once.

    SIGHUP may be held back until then, by `hold_reload`; one that has come meanwhile reloads.
    The handlers run between two byte codes of the main thread and only pass the word on.
    Where an event loop runs, `wake` makes it look (see `pillion.process.serve`).
    """

    __slots__ = ("_before", "_on_reload", "_on_stop", "_stopping")

    def __init__(
        self, *, on_stop: Callable[[str], None], on_reload: Callable[[], None] | None = None
    ) -> None:
        """Say what to call: `on_stop` with the signal's name, `on_reload` without anything."""
        self._on_stop = on_stop
        self._on_reload = on_reload
        self._stopping = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        for number in _STOP:
            self._before[number] = signal.signal(number, self._stop)
        self._before[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._reload)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
        if os.getpid() == 1:
            self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _reap)
        return self

    def __exit__(self, *_exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # it came from signal()

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if self._stopping and number == signal.SIGINT:
            os._exit(128 + number)
        self._stopping = True
        self._on_stop(signal.Signals(number).name)

    def _reload(self, _number: int, _frame: FrameType | None) -> None:
        if self._on_reload is not None:
            self._on_reload()


def hold_reload() -> None:
    """Hold SIGHUP back until `Signals` takes it: by itself it ends a process that only starts."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})


def reap_orphans() -> int:
    """Collect the children that ended, as PID 1 must; return how many there were."""
    count = 0
    while True:
        try:
            pid, _status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return count
        if pid == 0:
            return count
        count += 1


def _reap(_number: int, _frame: FrameType | None) -> None:
    reap_orphans()
