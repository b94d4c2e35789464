"""What is asked for and what is answered, as values. Pure."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(r"\w{3}, (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT")
_SECONDS = re.compile(r"\d{1,9}")
_WRONG = re.compile(r"[\r\n\0]")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whole.

    Attributes:
        status: the code of RFC 9110.
        headers: by lower-case name; one that came twice has its last value.
        body: the bytes, without their chunks.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def retry_after(self, now: float) -> float | None:
        """Return the seconds of `Retry-After`, given as a number or as a date."""
        return parse_retry_after(self.headers.get("retry-after", ""), now)


def parse_retry_after(text: str, now: float) -> float | None:
    """Return the seconds to wait, None when the text says nothing.

    Args:
        text: the value of the header (RFC 9110, 10.2.3).
        now: seconds since 1970.
    """
    if _SECONDS.fullmatch(text):
        return float(text)
    match = _DATE.fullmatch(text)
    if match is None or match[2] not in _MONTHS:
        return None
    day, month, year, hour, minute, second = match.groups()
    try:
        moment = datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second),
            tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - now)


def request_head(method: str, target: str, headers: Mapping[str, str], length: int) -> bytes:
    """Return the bytes before the body; raises ValueError where a header would break out of it."""
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if length or method not in ("GET", "HEAD"):
        lines.append(f"Content-Length: {length}")
    if any(_WRONG.search(line) for line in lines):
        raise ValueError("a header has a line break or a NUL byte")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def basic_auth(user: str, password: str) -> str:
    """Return the value of the Authorization header (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
