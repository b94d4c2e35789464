"""HTTP/1.1 (RFC 9112) over a stream: one request, one response, then the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.probers.http.message import Head

if TYPE_CHECKING:
    from pillion_blackbox_exporter.network.stream import Stream
    from pillion_blackbox_exporter.probers.http.message import Request

HEAD_LIMIT = 1024 * 1024
HEADER_COUNT_LIMIT = 10_000
_INTERIM_LIMIT = 5
_OK, _SWITCHING = 200, 101


class Http1:
    """The exchange of one request. httptools parses; its callbacks are the `on_` methods."""

    def __init__(self, stream: Stream, *, target: str = "") -> None:
        """Speak over a stream.

        Args:
            stream: connected, TLS done.
            target: the request target, where it is not the path (an absolute URL to a proxy).
        """
        from httptools import HttpResponseParser  # 0.3 MB, with the first probe  # noqa: PLC0415

        self._stream = stream
        self._target = target
        self._method = "GET"
        self._make_parser = HttpResponseParser
        self._parser = HttpResponseParser(self)
        self._headers: list[tuple[str, str]] = []
        self._head: Head | None = None
        self._first_byte = 0.0
        self._size = 0
        self._interim = 0
        self._body: list[bytes] = []
        self._is_complete = False
        self._is_over = False

    async def send(self, request: Request) -> Head:
        """Send a request and return the head of its response.

        Raises:
            ProbeError: the connection broke, or what came is no HTTP.
        """
        self._method = request.method
        self._stream.write(encode(request, self._target or request.url.path))
        while (head := self._taken()) is None:
            data = await self._stream.receive()
            if not data:
                what = "in the middle of its headers" if self._size else "without an answer"
                raise ProbeError("closed", f"the server ended the connection {what}")
            self._first_byte = self._first_byte or self._stream.received_at
            self._size += len(data)
            self._feed(data)
            if self._size > HEAD_LIMIT and self._taken() is None:
                raise ProbeError("protocol", f"the headers are longer than {HEAD_LIMIT} bytes")
        return head

    async def read(self) -> bytes:
        """Return the next bytes of the content; nothing at its end.

        Raises:
            ProbeError: the connection broke, or ended too early.
        """
        assert self._head is not None
        while not self._body:
            if self._is_complete or self._is_over:
                return b""
            data = await self._stream.receive()
            if data:
                self._feed(data)
            else:
                self._end()
        data = b"".join(self._body)
        self._body.clear()
        return data

    @property
    def received_at(self) -> float:
        """When the last bytes came."""
        return self._stream.received_at

    def _taken(self) -> Head | None:
        return self._head

    def _feed(self, data: bytes) -> None:
        from httptools import HttpParserError, HttpParserUpgrade  # noqa: PLC0415

        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._is_complete = True
        except HttpParserError as error:
            if isinstance(error.__context__, ProbeError):
                raise error.__context__ from None
            if not self._is_complete:
                raise ProbeError("protocol", f"the answer is no HTTP: {error}") from None

    def _end(self) -> None:
        """Judge whether the content may end with the connection."""
        assert self._head is not None
        coding = self._head.get("transfer-encoding")
        length = self._head.get("content-length")
        if coding is not None or length is not None:
            raise ProbeError("closed", "the server ended the connection before the content did")
        self._is_over = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header."""
        if len(self._headers) >= HEADER_COUNT_LIMIT:
            raise ProbeError("protocol", f"there are more than {HEADER_COUNT_LIMIT} headers")
        self._headers.append((name.decode("latin-1").lower(), _text(value)))

    def on_headers_complete(self) -> None:
        """Take the head, unless it is an interim one."""
        status = self._parser.get_status_code()
        if status < _OK and status != _SWITCHING:
            return
        version = f"HTTP/{self._parser.get_http_version()}"
        self._head = Head(version, status, self._headers, self._first_byte)
        if not self._head.may_have_body(self._method):
            self._is_complete = True

    def on_body(self, body: bytes) -> None:
        """Take a piece of the content."""
        if not self._is_complete:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Note the end, or that an interim response has passed."""
        if self._head is not None:
            self._is_complete = True
            return
        self._headers = []
        self._interim += 1
        if self._interim > _INTERIM_LIMIT:
            raise ProbeError("protocol", f"there are more than {_INTERIM_LIMIT} interim responses")


def encode(request: Request, target: str) -> bytes:
    """Return a request as it goes over the wire; the connection ends with it. Pure."""
    lines = [f"{request.method} {target} HTTP/1.1\r\nHost: {request.host}\r\n"]
    for name, values in request.headers.items():
        lines += [f"{name}: {value}\r\n" for value in values]
    length = request.content_length()
    if length is not None and not request.has("content-length"):
        lines.append(f"Content-Length: {length}\r\n")
    if not request.has("connection"):
        lines.append("Connection: close\r\n")
    lines.append("\r\n")
    return "".join(lines).encode("utf-8", "surrogateescape") + (request.body or b"")


def _text(value: bytes) -> str:
    """Return a header's value, which is UTF-8 where it is not ASCII, else taken as Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
