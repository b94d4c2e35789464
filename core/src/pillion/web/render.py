"""A response as the bytes that go out. Pure."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pillion.web.message import Response

REASONS = {
    100: "Continue",
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    417: "Expectation Failed",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

GZIP_FROM = 4096
"""Bytes from which a body is worth the deflating: below, zlib takes a fifth of the CPU of a whole
scrape to save two packets."""

_BODILESS = (204, 304)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def render(
    response: Response,
    date: str,
    connection: str = "",
    accept_encoding: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    *,
    is_head: bool = False,
) -> bytes:
    """Return the whole message.

    Args:
        response: what is answered.
        date: the value of the Date header.
        connection: the value of the Connection header, or nothing for none.
        accept_encoding: what the client said; gzip is used where it takes it.
        headers: those that the whole server adds; they win over the response's own.
        is_head: whether the body is left out while its length is still told.

    Raises:
        ValueError: a header would break the message (a line feed, text beyond Latin-1).
    """
    body = response.body
    content = body.encode() if isinstance(body, str) else body
    more = response.headers
    if len(content) >= GZIP_FROM and response.content_type:
        more = (*more, ("Vary", "Accept-Encoding"))
        if accept_encoding and accepts_gzip(accept_encoding):
            content = _deflated(content)
            more = (*more, ("Content-Encoding", "gzip"))
    if headers:
        names = {name.lower() for name, _ in headers}
        more = (*[pair for pair in more if pair[0].lower() not in names], *headers)
    status = response.status
    head = f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}\r\nDate: {date}\r\n"
    if status not in _BODILESS:
        head += f"Content-Length: {len(content)}\r\n"
        if response.content_type:
            head += f"Content-Type: {response.content_type}\r\n"
    if connection:
        head += f"Connection: {connection}\r\n"
    if more:
        head += _lines(more)
    start = (head + "\r\n").encode("latin-1")
    return start if is_head or status in _BODILESS else start + content


def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether an Accept-Encoding header takes gzip (RFC 9110, 12.5.3): `gzip;q=0` does not.

    `*` alone is no wish for gzip, and is answered plain.
    """
    if accept_encoding == "gzip":
        return True
    for part in accept_encoding.split(","):
        coding, _, parameters = part.partition(";")
        if coding.strip().lower() in ("gzip", "x-gzip"):
            return _weight(parameters) > 0
    return False


def http_date(seconds: float) -> str:
    """Return seconds since 1970 as the Date header has them, in English whatever the locale."""
    at = time.gmtime(seconds)
    day, month = _DAYS[at.tm_wday], _MONTHS[at.tm_mon - 1]
    clock = f"{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d}"
    return f"{day}, {at.tm_mday:02d} {month} {at.tm_year:04d} {clock} GMT"


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _deflated(content: bytes) -> bytes:
    import zlib  # 0.2 MB  # noqa: PLC0415

    return zlib.compress(content, 1, wbits=31)


def _lines(headers: tuple[tuple[str, str], ...]) -> str:
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers):
        raise ValueError("a header holds a line break")
    return lines
