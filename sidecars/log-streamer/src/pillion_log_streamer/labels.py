"""The pod's labels, as the downward API mounts them in a file. Parsing is pure.

Source: Kubernetes, "Expose Pod Information to Containers Through Files": `name="value"` a line,
the value with the escapes of Go's strconv.Quote.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

from pillion.files import read_bounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.log import Logger

LOOK_SECONDS = 10.0
MOST_BYTES = 256 * 1024
"""What the API server allows for annotations; labels are shorter."""

_LINE = re.compile(r'([^=\s]+)="((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)", re.DOTALL)
_SHORT = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def parse_labels(text: str) -> dict[str, str]:
    """Return the labels of a file's text; lines that are none are left out."""
    matches = [_LINE.fullmatch(line.strip()) for line in text.splitlines()]
    return {match[1]: _ESCAPE.sub(_unescaped, match[2]) for match in matches if match}


class PodLabels:
    """The labels as they are now: they may change while the pod runs."""

    __slots__ = ("_clock", "_labels", "_log", "_mtime_ns", "_next_look", "_path", "_reported")

    def __init__(self, path: str, log: Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._log = log
        self._clock = clock
        self._labels: dict[str, str] = {}
        self._next_look = 0.0
        self._mtime_ns = -1
        self._reported = False

    def __call__(self) -> dict[str, str]:
        """Return the labels; none where the file is not there."""
        now = self._clock()
        if now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            self._look()
        return self._labels

    def _look(self) -> None:
        try:
            seen = os.stat(self._path)  # noqa: PTH116  # pathlib costs 1 MB
            if seen.st_mtime_ns == self._mtime_ns:
                return
            text = read_bounded(self._path, MOST_BYTES).decode("utf-8", "replace")
        except FileNotFoundError:
            return
        except OSError as error:
            if not self._reported:
                self._reported = True
                self._log.warning(
                    "the pod's labels cannot be read", path=self._path, error=error.strerror
                )
            return
        self._mtime_ns = seen.st_mtime_ns
        self._labels = parse_labels(text)


def _unescaped(match: re.Match[str]) -> str:
    escape = match[1]
    if len(escape) > 1:
        return chr(int(escape[1:], 16))
    return _SHORT.get(escape, escape)
