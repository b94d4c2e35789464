"""Heads of HTTP/1 responses that break the rules and are read all the same. Pure.

Who measures a server wants to know how it fares with the clients that there are, and Go's reads
what RFC 9112 lets a client refuse: line ends without CR, folded headers, a blank before a colon,
several equal lengths, versions that do not exist. Nothing stands behind this client that could
read an answer otherwise, so that nothing can be smuggled past it.
"""

from __future__ import annotations

import re

from pillion.net.failure import NetworkError
from pillion.net.head import Head, text

_STATUS_LINE = re.compile(rb"(HTTP/\d\.\d) +(\d{3})(?: .*)?", re.DOTALL)
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z ]+")
_BAD_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_HTTP = b"HTTP/"
LINE_COUNT_LIMIT = 10_000
_LENGTH_LIMIT = 2**63 - 1


class LenientHead:
    """Reads one head as its bytes come.

    Attributes:
        rest: what came behind the head, once it is whole.
    """

    __slots__ = ("_at", "_buffer", "_count", "_headers", "_status", "_version", "rest")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0
        self._version = ""
        self._status = 0
        self._count = 0
        self._headers: list[tuple[bytes, list[bytes]]] = []  # each value in its lines
        self.rest = b""

    def feed(self, data: bytes, received_at: float) -> Head | None:
        """Take bytes, and return the head once it is whole.

        Raises:
            NetworkError: it is no head, even so.
        """
        self._buffer += data
        while (end := self._buffer.find(b"\n", self._at)) >= 0:
            line = bytes(self._buffer[self._at : end]).removesuffix(b"\r")
            self._at = end + 1
            if not self._version:
                self._take_status_line(line)
            elif line:
                self._take_line(line)
            else:
                self.rest = bytes(self._buffer[self._at :])
                headers = [
                    (name.decode().lower(), text(b" ".join(lines))) for name, lines in self._headers
                ]
                return Head(self._version, self._status, headers, received_at)
        if not self._version and not bytes(self._buffer[: len(_HTTP)]).startswith(
            _HTTP[: len(self._buffer)]
        ):
            raise _not_http(bytes(self._buffer))
        return None

    def _take_status_line(self, line: bytes) -> None:
        match = _STATUS_LINE.fullmatch(line)
        if match is None:
            raise _not_http(line)
        self._version, self._status = match[1].decode(), int(match[2])

    def _take_line(self, line: bytes) -> None:
        self._count += 1
        if self._count > LINE_COUNT_LIMIT:
            raise NetworkError("protocol", f"there are more than {LINE_COUNT_LIMIT} headers")
        if _BAD_VALUE.search(line):
            raise NetworkError("protocol", f"control character in the header {_shown(line)}")
        if line[:1] in (b" ", b"\t"):
            if not self._headers:
                raise NetworkError("protocol", f"invalid header {_shown(line)}")
            self._headers[-1][1].append(line.strip(b" \t"))
            return
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(name):
            raise NetworkError("protocol", f"invalid header {_shown(line)}")
        self._headers.append((name, [value.strip(b" \t")]))


def framing(head: Head) -> str:
    """Return the one header that says how long the content is, or nothing: until the end.

    Raises:
        NetworkError: it cannot be told.
    """
    if head.version != "HTTP/1.0" and (codings := head.all("transfer-encoding")):
        check_transfer_encoding(codings)
        return "Transfer-Encoding: chunked"
    lengths = {value.strip() for value in head.all("content-length")}
    if len(lengths) > 1:
        raise NetworkError("protocol", f"{len(lengths)} different Content-Length headers")
    for length in lengths:
        is_number = length.isascii() and length.isdecimal() and len(length) < 20  # noqa: PLR2004
        if not is_number or int(length) > _LENGTH_LIMIT:
            raise NetworkError("protocol", f"invalid Content-Length {length[:80]!r}")
        return f"Content-Length: {length}"
    return ""


def check_transfer_encoding(codings: list[str]) -> None:
    """Raise NetworkError for a transfer coding other than `chunked` alone."""
    if len(codings) != 1 or codings[0].lower() != "chunked":
        listed = ", ".join(codings)[:80]
        raise NetworkError("protocol", f"unsupported Transfer-Encoding {listed!r}")


def _not_http(line: bytes) -> NetworkError:
    return NetworkError("protocol", f"the answer is not HTTP: it begins with {_shown(line)}")


def _shown(line: bytes) -> str:
    return repr(line[:80].decode("latin-1"))
