"""Dates of HTTP (RFC 9110, 5.6.7) as unix time. Pure."""

from __future__ import annotations

import re

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_FORMS = (
    re.compile(rf"\w{{3}}, (?P<day>\d\d) (?P<month>\w{{3}}) (?P<year>\d{{4}}) {_TIME} GMT"),
    re.compile(rf"\w+, (?P<day>\d\d)-(?P<month>\w{{3}})-(?P<year>\d\d) {_TIME} GMT"),
    re.compile(rf"\w{{3}} (?P<month>\w{{3}}) (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})"),
)
_PIVOT = 69


def http_date(text: str) -> int | None:
    """Return the unix time of a date as HTTP writes it, or None when it is none."""
    for form in _FORMS:
        match = form.fullmatch(text.strip())
        if match and match["month"] in _MONTHS:
            year = int(match["year"])
            if len(match["year"]) == 2:  # noqa: PLR2004
                year += 1900 if year >= _PIVOT else 2000
            days = _days(year, _MONTHS[match["month"]], int(match["day"]))
            clock = int(match["hour"]) * 3600 + int(match["minute"]) * 60 + int(match["second"])
            return days * 86_400 + clock
    return None


def _days(year: int, month: int, day: int) -> int:
    """Return the days from 1970 to a date of the Gregorian calendar."""
    shifted = year - (month <= 2)  # noqa: PLR2004  # the year begins in March
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return shifted * 365 + shifted // 4 - shifted // 100 + shifted // 400 + of_year - 719_468
