"""Time formats: strptime's letters with fluent-bit's `%L`, compiled once. Pure.

A time is an integer of nanoseconds since 1970 in UTC, which holds every year from 1 to 9999.

Source: strptime(3); the "Time_Format", "Time_Offset" and `%L` of fluent-bit's parsers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion_log_agent.patterns.zones import Zone

SECOND = 1_000_000_000
_DAY = 86400
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
)
_DAY_NAMES = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_ZONES = {
    "utc": 0, "gmt": 0, "ut": 0, "z": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2,
    "eet": 2, "eest": 3, "msk": 3, "ist": 5.5, "jst": 9, "kst": 9, "est": -5, "edt": -4,
    "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip
_CACHE_LIMIT = 512

_LETTERS = {
    "Y": r"(?P<year>\d{4})",
    "y": r"(?P<short_year>\d{2})",
    "C": r"(?P<century>\d{2})",
    "m": r"(?P<month>1[0-2]|0?[1-9])",
    "d": r"(?P<day>3[01]|[12]\d|0?[1-9]| [1-9])",
    "e": r"(?P<day>3[01]|[12]\d|0?[1-9]| [1-9])",
    "b": rf"(?P<month_name>{_MONTH_NAMES}|{'|'.join(_MONTHS)})\.?",
    "a": rf"(?:{_DAY_NAMES}|mon|tue|wed|thu|fri|sat|sun)",
    "H": r"(?P<hour>2[0-3]|[01]\d|\d| \d)",
    "k": r"(?P<hour>2[0-3]|[01]\d|\d| \d)",
    "I": r"(?P<half_hour>1[0-2]|0?[1-9]| [1-9])",
    "l": r"(?P<half_hour>1[0-2]|0?[1-9]| [1-9])",
    "p": r"(?P<half>[ap]\.?m\.?)",
    "M": r"(?P<minute>[0-5]\d|\d)",
    "S": r"(?P<second>6[01]|[0-5]\d|\d)",
    "L": r"(?P<fraction>\d{1,9})\d*",
    "f": r"(?P<fraction>\d{1,9})\d*",
    "j": r"(?P<day_of_year>\d{1,3})",
    "s": r"(?P<epoch>-?\d{1,18})",
    "z": r"(?P<offset>z|(?:utc|gmt)?[-+]\d{2}:?\d{2}|[-+]\d{2}|[a-z]{1,5})",
    "Z": r"(?P<zone>[a-z]{1,5})",
    "w": r"[0-6]",
    "u": r"[1-7]",
    "U": r"\d{1,2}",
    "W": r"\d{1,2}",
    "n": r"\s*",
    "t": r"\s*",
    "%": "%",
}
_LETTERS |= {"B": _LETTERS["b"], "h": _LETTERS["b"], "A": _LETTERS["a"]}
_COMPOUND = {
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "T": "%H:%M:%S",
    "R": "%H:%M",
    "r": "%I:%M:%S %p",
    "c": "%a %b %e %H:%M:%S %Y",
    "x": "%m/%d/%y",
    "X": "%H:%M:%S",
}
_DIRECTIVE = re.compile(r"%[EO]?(.)", re.DOTALL)
_ISO = re.compile(r"%Y-%m-%d[T ]%H:%M:%S(?:[.,]%L)?(?:%z|Z)?")
_OFFSET = re.compile(r"(?:utc|gmt)?([-+])(\d{2}):?(\d{2})?")


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """A format that was compiled.

    Attributes:
        source: as it was written.
        is_iso: it is ISO 8601 to the second or finer, which `datetime` reads by itself.
        offset: seconds east of UTC for a time that does not say.
        zone: says it in its place, where there is one.
    """

    source: str
    is_iso: bool
    offset: int
    zone: Zone | None
    _pattern: re.Pattern[str]
    _seconds: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def compile(cls, source: str, offset: int = 0, zone: Zone | None = None) -> TimeFormat:
        """Compile a format.

        Raises:
            ValueError: it has a letter that means nothing here, or the same twice.
        """
        expanded = _DIRECTIVE.sub(lambda found: _COMPOUND.get(found[1], found[0]), source)
        is_iso = _ISO.fullmatch(expanded) is not None
        try:
            pattern = re.compile(_expression(expanded), re.IGNORECASE | re.ASCII)
        except re.error as error:
            raise ValueError(f"is no time format: {error}") from None
        if not pattern.groupindex:
            raise ValueError("is no time format: it has none of strptime's letters")
        return cls(source, is_iso, offset, zone, pattern)

    def parse(self, text: str, now: int) -> int | None:
        """Return the time of a text, or None when it is none.

        What follows the format is ignored, but for a zone after an ISO time, which counts.

        Args:
            text: such as `2026-11-21T10:00:00.123Z`.
            now: nanoseconds; gives the year or the date to a format that has none.
        """
        if self.is_iso and (found := self._parse_iso(text)) is not None:
            return found
        match = self._pattern.match(text)
        if match is None:
            return None
        try:
            return _assemble(match.groupdict(), now, self.offset, self.zone)
        except (ValueError, OverflowError):
            return None

    def _parse_iso(self, text: str) -> int | None:
        head = text[:19]
        seconds = self._seconds.get(head)
        if seconds is None:
            try:
                moment = datetime.fromisoformat(head)
            except ValueError:
                return None
            if len(head) != 19:  # noqa: PLR2004  # a date alone
                return None
            day = moment.toordinal() - _EPOCH_ORDINAL
            seconds = day * _DAY + moment.hour * 3600 + moment.minute * 60 + moment.second
            if len(self._seconds) >= _CACHE_LIMIT:
                self._seconds.clear()
            self._seconds[head] = seconds
        rest = text[19:]
        if rest[-1:] == "Z":
            fraction, offset = rest[1:-1], 0
        else:
            split = max(rest.find("+"), rest.find("-"))
            fraction = rest[1:split] if split >= 0 else rest[1:]
            if split >= 0:
                found = _offset_seconds(rest[split:].lower())
            else:
                found = self.offset if self.zone is None else self.zone.offset_at(seconds)
            if found is None:
                return None
            offset = found
        if not fraction:
            return (seconds - offset) * SECOND if rest[:1] not in (".", ",") else None
        if rest[0] not in ".," or not (fraction.isascii() and fraction.isdigit()):
            return None
        return (seconds - offset) * SECOND + int(fraction[:9].ljust(9, "0"))


def parse_offset(text: str) -> int:
    """Return the seconds east of UTC of `+0200` or `-05:30`; raises ValueError."""
    seconds = _offset_seconds(text.lower())
    if seconds is None:
        raise ValueError("is no offset; write one such as +0200 or -05:30")
    return seconds


def show_iso(nanoseconds: int, digits: int = 3) -> str:
    """Return `2026-11-21T10:00:00.123Z` with so many digits below the second."""
    seconds, rest = divmod(nanoseconds, SECOND)
    text = show_seconds(seconds)
    return f"{text}.{f'{rest:09d}'[:digits]}Z" if digits else f"{text}Z"


def show_seconds(seconds: int) -> str:
    """Return `2026-11-21T10:00:00`; a time that no calendar holds is drawn to the nearest."""
    day, second = divmod(min(max(seconds, _FIRST), _LAST), _DAY)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    return f"{date.fromordinal(day + _EPOCH_ORDINAL)}T{hour:02d}:{minute:02d}:{second:02d}"


_FIRST = (1 - _EPOCH_ORDINAL) * _DAY
_LAST = (date.max.toordinal() - _EPOCH_ORDINAL + 1) * _DAY - 1


def _expression(source: str) -> str:
    parts: list[str] = []
    at = 0
    for found in _DIRECTIVE.finditer(source):
        parts.append(_literal(source[at : found.start()]))
        letter = found[1]
        if letter not in _LETTERS:
            known = " ".join(f"%{each}" for each in sorted({*_LETTERS, *_COMPOUND}))
            raise ValueError(f"is no time format: it has %{letter}, which is none of {known}")
        parts.append(_LETTERS[letter])
        at = found.end()
    parts.append(_literal(source[at:]))
    return "".join(parts).replace(r"\.(?P<fraction>", r"[.,](?P<fraction>")


def _literal(text: str) -> str:
    return re.sub(r"(?:\\ )+", r"\\s*", re.escape(text))


def _assemble(found: Mapping[str, str | None], now: int, offset: int, zone: Zone | None) -> int:
    if found.get("offset"):
        named = _offset_seconds(str(found["offset"]).lower())
        if named is None:
            raise ValueError("an unknown zone")
        offset, zone = named, None
    elif found.get("zone") and _known_zone(found):
        offset, zone = int(_ZONES[str(found["zone"]).lower()] * 3600), None
    elif zone is not None:
        offset = zone.offset_at(now // SECOND)
    fraction = int((found.get("fraction") or "0").ljust(9, "0"))
    if epoch := found.get("epoch"):
        return int(epoch) * SECOND + fraction
    day = _day(found, now, offset)
    seconds = _hour(found) * 3600 + int(found.get("minute") or 0) * 60
    seconds += int(found.get("second") or 0)
    local = (day - _EPOCH_ORDINAL) * _DAY + seconds
    return (local - (offset if zone is None else zone.offset_at(local))) * SECOND + fraction


def _known_zone(found: Mapping[str, str | None]) -> bool:
    return str(found["zone"]).lower() in _ZONES


def _hour(found: Mapping[str, str | None]) -> int:
    if half_hour := found.get("half_hour"):
        is_afternoon = (found.get("half") or "a")[0] in "pP"
        return int(half_hour) % 12 + 12 * is_afternoon
    return int(found.get("hour") or 0)


def _day(found: Mapping[str, str | None], now: int, offset: int) -> int:
    """Return the ordinal of the day; what the format has not comes from today."""
    today = date.fromordinal((now // SECOND + offset) // _DAY + _EPOCH_ORDINAL)
    year, has_year = today.year, True
    if text := found.get("year"):
        year = int(text)
    elif text := found.get("short_year"):
        century = found.get("century")
        year = int(text) + (int(century) * 100 if century else 1900 if int(text) >= 69 else 2000)  # noqa: PLR2004  # POSIX
    else:
        has_year = False
    if text := found.get("day_of_year"):
        return date(year, 1, 1).toordinal() + int(text) - 1
    name, number = found.get("month_name"), found.get("month")
    if not name and not number:
        return today.toordinal()
    month = _MONTHS.index(name[:3].lower()) + 1 if name else int(number or 1)
    day = int(found.get("day") or 1)
    # A December that is read in January was last year's.
    if not has_year and month == 12 and today.month == 1:  # noqa: PLR2004
        year -= 1
    return date(year, month, day).toordinal()


def _offset_seconds(text: str) -> int | None:
    if (match := _OFFSET.fullmatch(text)) is not None:
        sign = -1 if match[1] == "-" else 1
        return sign * (int(match[2]) * 3600 + int(match[3] or 0) * 60)
    hours = _ZONES.get(text)
    return None if hours is None else int(hours * 3600)
