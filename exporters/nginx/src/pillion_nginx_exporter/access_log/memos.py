"""What a text means, looked up by C code once it is known: series, buckets. Bounded. Pure.

Most lines of a log share their method and status, and their time in milliseconds, with others. A
`dict` that fills itself is the one lookup that `map` does without a call into Python.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, TypeVar

from pillion_nginx_exporter.access_log import fields
from pillion_nginx_exporter.access_log.fields import Value, text_of
from pillion_nginx_exporter.access_log.totals import NO_TIME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_nginx_exporter.access_log.label_rules import LabelRule
    from pillion_nginx_exporter.access_log.totals import Totals

T = TypeVar("T")

_MOST = 4096
_LONGEST_TIME = 32
_LONGEST_KEY = 1024
_MOST_SECONDS = 1e12


class SeriesMemo(dict[tuple[Value, ...], int]):
    """From the fields of the labels to the index of the series."""

    __slots__ = ("_rules", "_totals")

    def __init__(self, rules: Sequence[LabelRule], totals: Totals) -> None:
        """Take the rules whose columns there are, in the order of the fields."""
        super().__init__()
        self._rules = tuple(rules)
        self._totals = totals

    def __missing__(self, key: tuple[Value, ...]) -> int:
        values = {
            rule.name: rule.value(text_of(field))
            for rule, field in zip(self._rules, key, strict=True)
        }
        index = self._totals.index_of(
            tuple(values.get(name, "") for name in self._totals.label_names)
        )
        if len(self) >= _MOST:
            self.clear()
        if sum(len(text_of(field)) for field in key) <= _LONGEST_KEY:
            self[key] = index
        return index


class TimeMemo(dict[Value, tuple[int, float]]):
    """From the text of a time to its slot in the counts, and the seconds."""

    __slots__ = ("_is_list", "_totals")

    def __init__(self, totals: Totals, *, is_list: bool) -> None:
        """Take what has the buckets, and whether a text may be that of several attempts."""
        super().__init__()
        self._totals = totals
        self._is_list = is_list

    def __missing__(self, field: Value) -> tuple[int, float]:
        seconds = seconds_of(field)
        if seconds is None and self._is_list:
            seconds = (fields.attempts(text_of(field)) or (None,))[-1]
        found = (NO_TIME, 0.0) if seconds is None else (self._totals.slot_of(seconds), seconds)
        _keep(self, field, found)
        return found


class AttemptsMemo(dict[Value, float]):
    """From `0.1, 0.2 : 0.3` to the seconds of all attempts."""

    __slots__ = ()

    def __missing__(self, field: Value) -> float:
        single = seconds_of(field)
        found = sum(fields.attempts(text_of(field))) if single is None else single
        _keep(self, field, found)
        return found


def seconds_of(field: Value) -> float | None:
    """Return a time in seconds, or None for what is none."""
    if isinstance(field, int | float):
        return float(field) if isfinite(field) and 0 <= field < _MOST_SECONDS else None
    return fields.seconds(text_of(field))


def _keep(memo: dict[Value, T], field: Value, found: T) -> None:
    if len(memo) >= _MOST:
        memo.clear()
    if not isinstance(field, bytes | str) or len(field) <= _LONGEST_TIME:
        memo[field] = found
