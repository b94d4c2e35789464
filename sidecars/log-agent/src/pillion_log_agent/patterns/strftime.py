"""Writing a time in strftime's letters, in UTC. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTION = re.compile(r"%([1-9])N|%L")
_LAST = datetime.max.replace(tzinfo=UTC)


def format_time(source: str, nanoseconds: int) -> str:
    """Return the time in the letters of `source`; one past the year 9999 is drawn back to it."""
    try:
        moment = _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        moment = _LAST
    # The C library writes years before 1000 with fewer digits than four.
    return moment.strftime(source.replace("%Y", f"{moment.year:04d}"))


def format_precise(source: str, nanoseconds: int) -> str:
    """Return the same, with %3N to %9N for so many digits below the second, and %L for nine."""
    if "%" not in source:
        return source
    fraction = f"{nanoseconds % 1_000_000_000:09d}"
    text = _FRACTION.sub(lambda match: fraction[: int(match[1] or 9)], source)
    return format_time(text, nanoseconds)
