"""The slowest paths of the last minute, found only while somebody looks. Pure.

To find paths takes as long as to count, so that it is done for as long as the page was asked for.
"""

from __future__ import annotations

from heapq import nlargest
from operator import itemgetter
from typing import TYPE_CHECKING

from pillion_nginx_exporter.access_log.fields import text_of
from pillion_nginx_exporter.access_log.memos import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion_nginx_exporter.access_log.fields import Value

_WINDOW = 60.0
_WATCHED = 120.0
_SHOWN = 10
_KEPT = 200
_LONGEST = 100


class SlowestPaths:
    """Paths with the longest time of each."""

    __slots__ = ("_paths", "_until")

    def __init__(self) -> None:
        self._paths: dict[str, tuple[float, float]] = {}
        self._until = float("-inf")

    def watch(self, now: float) -> None:
        """Have it find paths for the next minutes; `now` is in seconds."""
        self._until = now + _WATCHED

    def is_watched(self, now: float) -> bool:
        """Return whether paths are to be noted; forgets them where not."""
        if now > self._until and self._paths:
            self._paths.clear()
        return now <= self._until

    def note(self, now: float, requests: Iterable[tuple[Value, Value]]) -> None:
        """Note the slowest of some requests: their lines or paths, and times."""
        timed = ((seconds_of(time) or 0.0, request) for request, time in requests)
        for seconds, request in nlargest(_SHOWN, timed, key=itemgetter(0)):
            path = path_of(text_of(request))
            if seconds >= self._paths.get(path, (0.0, 0.0))[0] or self._is_old(path, now):
                self._paths[path] = (seconds, now)
        if len(self._paths) > _KEPT:
            self._paths = dict(
                nlargest(
                    _SHOWN,
                    ((path, one) for path, one in self._paths.items() if now - one[1] < _WINDOW),
                    key=itemgetter(1),
                )
            )

    def top(self, now: float) -> list[tuple[str, float]]:
        """Return the slowest paths of the last minute, and the seconds."""
        found = ((path, one[0]) for path, one in self._paths.items() if now - one[1] < _WINDOW)
        return nlargest(_SHOWN, found, key=itemgetter(1))

    def _is_old(self, path: str, now: float) -> bool:
        return now - self._paths[path][1] >= _WINDOW


def path_of(request: bytes) -> str:
    """Return the path of a request line or URI, without its query, as harmless text."""
    words = request.split(b" ")
    path = words[1] if len(words) > 1 else words[0]
    return repr(path.partition(b"?")[0][:_LONGEST])[2:-1] or "-"
