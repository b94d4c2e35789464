"""Columns of lines, counted into the totals: passes over whole columns. Pure."""

from __future__ import annotations

from contextlib import suppress
from itertools import repeat
from typing import TYPE_CHECKING

from pillion_nginx_exporter.access_log import fields
from pillion_nginx_exporter.access_log.columns import IDS, SIZES, TIME, TIMES, UPSTREAM_TIME
from pillion_nginx_exporter.access_log.memos import (
    AttemptsMemo,
    SeriesMemo,
    TimeMemo,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pillion_nginx_exporter.access_log.fields import Value
    from pillion_nginx_exporter.access_log.label_rules import LabelRule
    from pillion_nginx_exporter.access_log.totals import Times, Totals

_MOST_BYTES = 10**18
"""More is no size of one response."""


class Tally:
    """Counts lines of one format."""

    __slots__ = (
        "_attempts",
        "_label_columns",
        "_narrows",
        "_series",
        "_size_columns",
        "_times",
        "_totals",
    )

    def __init__(
        self, columns: Collection[str], rules: Sequence[LabelRule], totals: Totals
    ) -> None:
        """Take the names of the columns that there are, the labels, and what is counted into."""
        known = [rule for rule in rules if rule.column in columns]
        self._label_columns = tuple(rule.column for rule in known)
        self._series = SeriesMemo(known, totals)
        self._size_columns = tuple(name for name in SIZES if name in columns)
        self._times = {
            name: TimeMemo(totals, is_list=name != TIME) for name in TIMES if name in columns
        }
        self._attempts = AttemptsMemo()
        self._totals = totals
        self._narrows = totals.measured_names != totals.label_names

    def add(self, columns: Mapping[str, Sequence[Value]]) -> None:
        """Count lines: a column has a field of each, and may be absent where no line has it."""
        totals = self._totals
        labels = [columns.get(name) or repeat(None) for name in self._label_columns]
        index = list(map(self._series.__getitem__, zip(*labels, strict=False)))
        requests = totals.requests
        for at in index:
            requests[at] += 1
        if self._narrows:
            index = list(map(totals.measured.__getitem__, index))
        for name in self._size_columns:
            if name in columns:
                self._add_sizes(name, index, columns[name])
        for name, memo in self._times.items():
            if name in columns:
                self._add_times(totals.times[name], index, map(memo.__getitem__, columns[name]))
        if TIME in self._times and TIME in columns:
            self._add_exemplars(index, columns)
        if UPSTREAM_TIME in self._times and UPSTREAM_TIME in columns:
            seconds = totals.attempt_seconds
            every = map(self._attempts.__getitem__, columns[UPSTREAM_TIME])
            for at, one in zip(index, every, strict=True):
                seconds[at] += one

    def _add_sizes(self, name: str, index: list[int], column: Sequence[Value]) -> None:
        sums, sized = self._totals.sizes[name], self._totals.has[name]
        for at, size in zip(index, _sizes(column), strict=True):
            sums[at] += size
        if len(sized) < len(sums):
            sized.update(index)

    def _add_exemplars(self, index: list[int], columns: Mapping[str, Sequence[Value]]) -> None:
        """Keep the last identifier of each bucket."""
        name = next((name for name in IDS if name in columns), "")
        if not name:
            return
        exemplars, width = self._totals.exemplars, self._totals.times[TIME].width
        found = map(self._times[TIME].__getitem__, columns[TIME])
        for at, (slot, seconds), identifier in zip(index, found, columns[name], strict=True):
            exemplars[at * width + slot] = (name, identifier, seconds)

    @staticmethod
    def _add_times(times: Times, index: list[int], found: Iterable[tuple[int, float]]) -> None:
        counts, seconds, width = times.counts, times.seconds, times.width
        for at, (slot, one) in zip(index, found, strict=True):
            counts[at * width + slot] += 1
            seconds[at] += one


def _sizes(column: Sequence[Value]) -> Sequence[int]:
    """Return sizes in bytes; 0 for what is none."""
    sizes: Sequence[int] = ()
    with suppress(TypeError, ValueError):
        # Digits alone, for int() also takes `1_0`; an empty text or one too long is a ValueError.
        if isinstance(column[0], bytes):
            if b"".join(column).isdigit():  # type: ignore[arg-type]
                sizes = list(map(int, column))  # type: ignore[arg-type]
        elif isinstance(column[0], str):
            text = "".join(column)  # type: ignore[arg-type]
            if text.isascii() and text.isdigit():
                sizes = list(map(int, column))  # type: ignore[arg-type]
        elif {*map(type, column)} == {int}:
            sizes = column  # type: ignore[assignment]
        if sizes and min(sizes) >= 0 and max(sizes) < _MOST_BYTES:
            return sizes
    return [fields.count(fields.text_of(field)) for field in column]
