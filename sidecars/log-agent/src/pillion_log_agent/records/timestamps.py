"""The times of a batch, as one column. Pure.

Most logs carry ISO times in UTC. Those are kept as the text that they are, and written again by
cutting it: no time is taken apart that nobody asks for.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime
from functools import lru_cache
from operator import add, itemgetter
from typing import TYPE_CHECKING

import msgspec

from pillion_log_agent.patterns.times import SECOND, TimeFormat, show_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

_DATETIMES = list[datetime]
_ISO = TimeFormat.compile("%Y-%m-%dT%H:%M:%S.%L%z")
_EPOCH = "1970"
_DATE, _POINT, _FRACTION = 10, 19, 20
_AFTER_ALL = "~"
"""Sorts behind whatever goes on with a second."""


class Timestamps:
    """One time for each record.

    Either texts of the shape `2026-11-21T10:00:00[.digits]Z`, or nanoseconds since 1970.
    """

    __slots__ = ("_nanoseconds", "_texts", "_width")

    def __init__(
        self, nanoseconds: list[int] | None = None, texts: list[str] | None = None
    ) -> None:
        self._nanoseconds = nanoseconds
        self._texts = texts
        self._width: int | None = None

    @classmethod
    def of_texts(cls, texts: list[str]) -> Timestamps | None:
        """Return the column of these texts, None unless every one is of the one shape."""
        try:
            # RFC 3339 is checked in C; what it leaves open is whether it ends in Z.
            msgspec.convert(texts, _DATETIMES)
        except msgspec.ValidationError:
            return None
        found = cls(texts=texts)
        joined = "".join(texts)
        found._width = _one_width(joined, len(texts))
        if found._width is None and not joined.count("Z") == joined.count("T") == len(texts):
            return None
        return found

    def __len__(self) -> int:
        return len(self._texts if self._texts is not None else self._nanoseconds or ())

    def nanoseconds(self) -> list[int]:
        """Return the times as integers."""
        if self._nanoseconds is None:
            assert self._texts is not None
            parse = _ISO.parse
            self._nanoseconds = [parse(text, 0) or 0 for text in self._texts]
        return self._nanoseconds

    def select(self, indices: Sequence[int]) -> Timestamps:
        """Return the column of some of the records."""
        if self._texts is not None:
            texts = self._texts
            return Timestamps(texts=[texts[index] for index in indices])
        times = self.nanoseconds()
        return Timestamps([times[index] for index in indices])

    def iso(self, digits: int) -> list[str]:
        """Return `2026-11-21T10:00:00.123` for each, with 3, 6 or 9 digits; the zone is UTC."""
        if self._texts is not None:
            return self._cut(0, _FRACTION + digits)
        times = self.nanoseconds()
        # Lines that say no time have that of their reading, all of a chunk the same.
        distinct = set(times)
        heads = {second: show_seconds(second) for second in {time // SECOND for time in distinct}}
        end = _FRACTION + digits
        shown = {time: f"{heads[time // SECOND]}.{time % SECOND:09d}"[:end] for time in distinct}
        return list(map(shown.__getitem__, times))

    def epoch(self, digits: int) -> list[str]:
        """Return seconds since 1970 with so many digits below the point, for each."""
        return list(map(add, *self.epoch_parts(digits)))

    def epoch_parts(self, digits: int) -> tuple[list[str], list[str]]:
        """Return seconds since 1970, and the point with so many digits, for each."""
        if self._texts is not None:
            written = _seconds_of(self._texts)
            if written is not None:
                return written, self._cut(_POINT, _FRACTION + digits)
        times, drop = self.nanoseconds(), 10 ** (9 - digits)
        distinct = set(times)
        seconds = {time: f"{'-' * (time < 0)}{abs(time) // SECOND}" for time in distinct}
        fractions = {time: f".{abs(time) % SECOND // drop:0{digits}d}" for time in distinct}
        return list(map(seconds.__getitem__, times)), list(map(fractions.__getitem__, times))

    def span(self) -> tuple[int, int]:
        """Return the earliest and the latest as nanoseconds; there is one at least."""
        if self._texts is None:
            return min(self.nanoseconds()), max(self.nanoseconds())
        # A Z sorts behind the digits that may stand in its place, so this is good to a second.
        first, last = min(self._texts), max(self._texts)
        return _second(first[:_POINT]) * SECOND, (_second(last[:_POINT]) + 1) * SECOND - 1

    def _cut(self, start: int, end: int) -> list[str]:
        """Return a part of each text without its Z; the fraction has zeros where it is shorter."""
        assert self._texts is not None
        if (self._width or min(map(len, self._texts), default=0)) > end:
            return list(map(itemgetter(slice(start, end)), self._texts))
        return [
            text[start:end] if len(text) > end else _padded(text, end)[start:]
            for text in self._texts
        ]


def _one_width(joined: str, count: int) -> int | None:
    """Return how long each of joined RFC 3339 texts is, if all are, and are of the one shape.

    Each has a Z at its end or none: where one stands at each step, every text ends there.
    """
    width, rest = divmod(len(joined), count or 1)
    if rest or joined[width - 1 :: width or 1] != "Z" * count:
        return None
    return width if joined[_DATE :: width or 1] == "T" * count else None


@lru_cache(maxsize=64)
def _second(head: str) -> int:
    return (_ISO.parse(head, 0) or 0) // SECOND


def _seconds_of(texts: list[str]) -> list[str] | None:
    """Return the seconds since 1970 of ISO texts; those of a log are in order, mostly.

    None where one is before: its fraction does not stand behind its seconds as it is.
    """
    if texts != sorted(texts):
        heads = list(map(itemgetter(slice(_POINT)), texts))
        seconds = {head: str(_second(head)) for head in set(heads)}
        if min(seconds) < _EPOCH:
            return None
        return list(map(seconds.__getitem__, heads))
    if texts and texts[0] < _EPOCH:
        return None
    found: list[str] = []
    while len(found) < len(texts):
        head = texts[len(found)][:_POINT]
        end = bisect_left(texts, head + _AFTER_ALL, len(found))
        found += [str(_second(head))] * (end - len(found))
    return found


def _padded(text: str, end: int) -> str:
    head = text[:-1] if len(text) > _FRACTION else text[:-1] + "."
    return head[:end].ljust(end, "0")
