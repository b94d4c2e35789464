"""Fields of a log line as safe values: methods, statuses, hosts, times, upstream lists. Pure.

What is not known to be harmless becomes `other`: nothing that a client sends is a label as it is.
"""

from __future__ import annotations

import re

from pillion.metrics.bounded import OTHER

Value = bytes | str | int | float | None
"""A field of a line: text of a pattern, or what JSON has."""

METHODS = frozenset(
    (
        *("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"),
        *("PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH"),
        "PURGE",
    )
)
_STATUS = re.compile(rb"[1-9][0-9]{2}")
_NUMBER = re.compile(rb"[0-9]{1,12}(?:\.[0-9]{1,9})?")
_COUNT = re.compile(rb"[0-9]{1,18}")
_HOST = re.compile(rb"[A-Za-z0-9._:/\[\]-]{1,255}")
_IDENTIFIER = re.compile(rb"[A-Za-z0-9_-]{1,64}")
_BETWEEN_ATTEMPTS = re.compile(rb"\s*[,:]\s+|,")


def text_of(value: Value) -> bytes:
    """Return a field as the text that a pattern would have found."""
    if isinstance(value, bytes):
        return value
    return b"-" if value is None else str(value).encode("utf-8", "replace")


def method(text: bytes) -> str:
    """Return a method that RFC 9110, PATCH, WebDAV or a cache knows, else `other`."""
    decoded = text.decode("latin-1")
    return decoded if decoded in METHODS else OTHER


def status(text: bytes) -> str:
    """Return a status of three digits, else `other`."""
    return text.decode("latin-1") if _STATUS.fullmatch(text) else OTHER


def host(text: bytes) -> str:
    """Return a host, server name or path of a socket in lower case; `-` is empty."""
    if text in (b"", b"-"):
        return ""
    return text.decode("latin-1").lower() if _HOST.fullmatch(text) else OTHER


def upstream(text: bytes) -> str:
    """Return the address of the last attempt of `$upstream_addr`."""
    return host(re.split(rb",\s+|\s+:\s+", text)[-1].strip())


def identifier(text: bytes) -> str:
    """Return the identifier of a request or trace; empty for `-` and what is none."""
    is_one = text != b"-" and _IDENTIFIER.fullmatch(text)
    return text.decode("latin-1") if is_one else ""


def count(text: bytes) -> int:
    """Return a number of bytes; 0 for what is none."""
    return int(text) if _COUNT.fullmatch(text) else 0


def seconds(text: bytes) -> float | None:
    """Return a time in seconds, or None for `-` and whatever else is no time."""
    return float(text) if _NUMBER.fullmatch(text) else None


def attempts(text: bytes) -> tuple[float, ...]:
    """Return the times of `0.1, 0.2 : 0.3`, as nginx writes several attempts, in seconds.

    A comma stands between servers of one group, a colon between groups (nginx's documentation
    of `$upstream_addr`). An attempt without a time (`-`) is left out.
    """
    times = (seconds(part.strip()) for part in _BETWEEN_ATTEMPTS.split(text))
    return tuple(time for time in times if time is not None)
