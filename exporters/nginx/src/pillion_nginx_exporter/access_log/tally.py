"""Rows of one format, counted as text by C code and made values of later. Pure.

Most lines of a block share their method, status and time in milliseconds with others, so that the
work in Python is done once for each combination and not once for each line.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pillion_nginx_exporter.access_log import fields
from pillion_nginx_exporter.access_log.columns import (
    HOST,
    METHOD,
    SERVER,
    SIZES,
    STATUS,
    TIME,
    TIMES,
    UPSTREAM,
    UPSTREAM_TIME,
)
from pillion_nginx_exporter.access_log.totals import Distribution

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion_nginx_exporter.access_log.totals import Series, Totals

_MOST_ENTRIES = 8192
_MOST_MEMOS = 4096
_CLEAN: dict[str, Callable[[bytes], str]] = {
    METHOD: fields.method,
    STATUS: fields.status,
    HOST: fields.host,
    SERVER: fields.host,
    UPSTREAM: fields.upstream,
}

Key = tuple[bytes, ...]


class Tally:
    """What was seen of one format since the last `fold`."""

    __slots__ = (
        "_all_names",
        "_label_columns",
        "_label_names",
        "_memo",
        "_requests",
        "_size_columns",
        "_sizes",
        "_time_columns",
        "_times",
    )

    def __init__(self, columns: Sequence[str], label_names: Sequence[str]) -> None:
        """Take the names of the columns of a row, and of the labels."""
        where = {name: index for index, name in enumerate(columns) if name}
        self._label_names = tuple(name for name in label_names if name in where)
        self._label_columns = tuple(where[name] for name in self._label_names)
        self._all_names = tuple(label_names)
        self._size_columns = {name: where[name] for name in SIZES if name in where}
        self._time_columns = {name: where[name] for name in TIMES if name in where}
        self._requests: Counter[Key] = Counter()
        self._sizes: dict[str, dict[Key, int]] = {name: {} for name in self._size_columns}
        self._times: dict[str, Counter[tuple[Key, bytes]]] = {
            name: Counter() for name in self._time_columns
        }
        self._memo: dict[bytes, tuple[int, float, float] | None] = {}

    def add(self, rows: Sequence[Sequence[bytes]]) -> None:
        """Count rows, each with a value for every column."""
        if not rows:
            return
        columns = tuple(zip(*rows, strict=True))
        keys = tuple(zip(*(columns[at] for at in self._label_columns), strict=True))
        self._requests.update(keys)
        for name, at in self._time_columns.items():
            self._times[name].update(zip(keys, columns[at], strict=True))
        for name, at in self._size_columns.items():
            _add_sizes(self._sizes[name], keys, columns[at])

    @property
    def is_full(self) -> bool:
        """Whether it is time to fold, so that memory stays bounded."""
        return (
            len(self._requests) > _MOST_ENTRIES
            or max((len(times) for times in self._times.values()), default=0) > _MOST_ENTRIES
        )

    def fold(self, totals: Totals) -> None:
        """Count into the totals what was seen, and begin anew."""
        series: dict[Key, Series] = {}
        for key, requests in self._requests.items():
            one, is_its_own = totals.of(self._values(key))
            series[key] = one
            one.requests += requests
            if not is_its_own:
                totals.limited += requests
        for name, sizes in self._sizes.items():
            for key, size in sizes.items():
                known = series[key].sizes
                known[name] = known.get(name, 0) + size
            sizes.clear()
        for name, times in self._times.items():
            self._fold_times(name, times, series, totals)
            times.clear()
        self._requests.clear()

    def _values(self, key: Key) -> tuple[str, ...]:
        known = {
            name: _CLEAN[name](text) for name, text in zip(self._label_names, key, strict=True)
        }
        return tuple(known.get(name, "") for name in self._all_names)

    def _fold_times(
        self,
        name: str,
        times: Counter[tuple[Key, bytes]],
        series: dict[Key, Series],
        totals: Totals,
    ) -> None:
        bounds = len(totals.buckets)
        for (key, text), count in times.items():
            one = series[key]
            found = self._bucket(text, totals, is_list=name != TIME)
            if found is None:
                continue
            distribution = one.times.get(name)
            if distribution is None:
                distribution = one.times[name] = Distribution(bounds)
            index, last, every = found
            distribution.add(index, last, count)
            if name == UPSTREAM_TIME:
                one.attempt_seconds += every * count

    def _bucket(
        self, text: bytes, totals: Totals, *, is_list: bool
    ) -> tuple[int, float, float] | None:
        """Return the bucket of a time, the time itself and that of all attempts."""
        if text in self._memo:
            return self._memo[text]
        seconds = fields.seconds(text)
        times = fields.attempts(text) if is_list and seconds is None else (seconds,)
        found = None
        if times and times[-1] is not None:
            found = (totals.bucket_of(times[-1]), times[-1], sum(time or 0.0 for time in times))
        if len(self._memo) >= _MOST_MEMOS:
            self._memo.clear()
        if len(text) <= 32:  # noqa: PLR2004  # longer ones are rare, and would fill the memo
            self._memo[text] = found
        return found


def _add_sizes(sums: dict[Key, int], keys: Sequence[Key], texts: Sequence[bytes]) -> None:
    known = sums.get
    for key, text in zip(keys, texts, strict=True):
        # Digits alone, for int() also takes `1_0`; and few, for it takes long for many.
        if text.isdigit() and len(text) <= 18:  # noqa: PLR2004
            sums[key] = known(key, 0) + int(text)
