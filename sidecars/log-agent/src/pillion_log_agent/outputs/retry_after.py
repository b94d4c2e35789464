"""`Retry-After` (RFC 9110, 10.2.3). Pure."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"\d{1,9}")


def parse_retry_after(text: str, now: float) -> float | None:
    """Return the seconds to wait, None when the text says nothing.

    Args:
        text: the value of the header: seconds or a date.
        now: seconds since 1970.
    """
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None
