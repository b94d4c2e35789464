"""The times of a batch, as one column. Pure.

Most logs carry ISO times in UTC. Those are kept as the text that they are, and written again by
cutting it: no time is taken apart that nobody asks for.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from pillion_log_agent.patterns.times import SECOND, TimeFormat, show_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

_DATETIMES = list[datetime]
_ISO = TimeFormat.compile("%Y-%m-%dT%H:%M:%S.%L%z")
_FRACTION = 20
_FEW_SECONDS = 8


class Moments:
    """One time for each record.

    Either texts of the shape `2026-11-21T10:00:00[.digits]Z`, or nanoseconds since 1970.
    """

    __slots__ = ("_nanoseconds", "_texts")

    def __init__(
        self, nanoseconds: list[int] | None = None, texts: list[str] | None = None
    ) -> None:
        self._nanoseconds = nanoseconds
        self._texts = texts

    @classmethod
    def of_texts(cls, texts: list[str]) -> Moments | None:
        """Return the column of these texts, None unless every one is of the one shape."""
        try:
            # RFC 3339 is checked in C; what it leaves open is whether it ends in Z.
            msgspec.convert(texts, _DATETIMES)
        except msgspec.ValidationError:
            return None
        joined = "".join(texts)
        if joined.count("Z") != len(texts) or joined.count("T") != len(texts):
            return None
        return cls(texts=texts)

    def __len__(self) -> int:
        return len(self._texts if self._texts is not None else self._nanoseconds or ())

    def nanoseconds(self) -> list[int]:
        """Return the times as integers."""
        if self._nanoseconds is None:
            assert self._texts is not None
            parse = _ISO.parse
            self._nanoseconds = [parse(text, 0) or 0 for text in self._texts]
        return self._nanoseconds

    def select(self, indices: Sequence[int]) -> Moments:
        """Return the column of some of the records."""
        if self._texts is not None:
            texts = self._texts
            return Moments(texts=[texts[index] for index in indices])
        times = self.nanoseconds()
        return Moments([times[index] for index in indices])

    def iso(self, digits: int) -> list[str]:
        """Return `2026-11-21T10:00:00.123` for each, with 3, 6 or 9 digits; the zone is UTC."""
        if self._texts is not None:
            return _cut(self._texts, _FRACTION + digits)
        seconds: dict[int, str] = {}
        found = []
        for time in self.nanoseconds():
            second, rest = divmod(time, SECOND)
            head = seconds.get(second)
            if head is None:
                head = seconds[second] = show_seconds(second)
            found.append(f"{head}.{rest:09d}"[: _FRACTION + digits])
        return found

    def epoch(self, digits: int) -> list[str]:
        """Return seconds since 1970 with so many digits below the point, for each."""
        if self._texts is None:
            drop = 10 ** (9 - digits)
            return [
                f"{time // SECOND}.{time % SECOND // drop:0{digits}d}"
                for time in self.nanoseconds()
            ]
        texts = _cut(self._texts, _FRACTION + digits)
        joined = _with_epochs("\n".join(texts), texts)
        if joined is not None:
            return joined.split("\n")
        seconds = {head: str(_second(head)) for head in {text[:19] for text in texts}}
        return [seconds[text[:19]] + text[19:] for text in texts]


def _second(head: str) -> int:
    return (_ISO.parse(head, 0) or 0) // SECOND


def _with_epochs(joined: str, texts: list[str]) -> str | None:
    """Return joined ISO texts with their seconds as numbers, by a replacement for each second.

    None when they lie further apart than a few seconds, or are not in order.
    """
    if not texts:
        return None
    first, last = _second(texts[0][:19]), _second(texts[-1][:19])
    if not 0 <= last - first < _FEW_SECONDS:
        return None
    before = len(joined)
    saved = 0
    for second in range(first, last + 1):
        written = str(second)
        joined = joined.replace(show_seconds(second), written)
        saved = 19 - len(written)
    # Every text has become shorter by as much, or one was of another second.
    return joined if before - len(joined) == saved * len(texts) else None


def encoded_column(column: list[str], end: str) -> list[bytes]:
    """Return each text with the same end, as bytes: encoded in one call, then cut."""
    if not column:
        return []
    return f"{end}\n".join([*column, ""]).encode().split(b"\n")[:-1]


def _cut(texts: list[str], end: int) -> list[str]:
    """Return ISO texts without their Z, up to a length."""
    if min(map(len, texts), default=0) > end:
        return [text[:end] for text in texts]
    return [text[:end] if len(text) > end else _padded(text, end) for text in texts]


def _padded(text: str, end: int) -> str:
    head = text[:-1] if len(text) > _FRACTION else text[:-1] + "."
    return head[:end].ljust(end, "0")
