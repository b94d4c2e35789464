"""Writing a time in strftime's letters, in UTC. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


def format_time(source: str, nanoseconds: int) -> str:
    """Return the time in the letters of `source`; one past the year 9999 is drawn back to it."""
    try:
        moment = _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        moment = _LAST
    # The C library writes years before 1000 with fewer digits than four.
    return moment.strftime(source.replace("%Y", f"{moment.year:04d}"))
