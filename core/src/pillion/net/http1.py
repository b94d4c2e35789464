"""HTTP/1.1 (RFC 9112) as a client: one request after the other over a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.net.failure import NetworkError
from pillion.net.head import Head, text
from pillion.net.lenient import LenientHead, check_transfer_encoding, framing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from httptools import HttpResponseParser

    from pillion.net.stream import Stream

HEAD_LIMIT = 1024 * 1024
HEADER_COUNT_LIMIT = 10_000
_OK, _SWITCHING, _CONNECTED = 200, 101, range(200, 300)


class Http1:
    """The requests over one connection, and their responses.

    httptools parses; its callbacks are the `on_` methods. A head that it refuses is read again
    as `pillion.net.lenient` reads it.

    Attributes:
        received: how many bytes of the present response have come.
    """

    def __init__(self, stream: Stream, *, head_limit: int = HEAD_LIMIT) -> None:
        """Speak over a stream.

        Args:
            stream: connected, TLS done.
            head_limit: how many bytes the head of a response may have.
        """
        self._stream = stream
        self._head_limit = head_limit
        self._parser: HttpResponseParser | None = self._new_parser()
        self._lenient: LenientHead | None = None
        self._is_framed = False
        self._first_byte = 0.0
        self._no_content = 0  # bytes since the last of the content
        self.received = 0
        self._begin("GET")

    async def send(self, request: bytes, method: str = "GET") -> Head:
        """Send a request, as `encode` makes it, and return the head of its response.

        Interim responses (1xx) are passed over, but for 101; `head_limit` bounds them as well.

        Raises:
            NetworkError: the connection broke, or what came is no HTTP.
        """
        self._begin(method)
        self._stream.write(request)
        while self._head is None:
            data = await self._stream.receive()
            if not data:
                what = "in the middle of its headers" if self.received else "without an answer"
                raise NetworkError("closed", f"the server ended the connection {what}")
            self._first_byte = self._first_byte or self._stream.received_at
            self.received += len(data)
            self._feed(data)
            if self.received > self._head_limit and not self._has_head():
                raise NetworkError(
                    "too_large", f"the headers are longer than {self._head_limit} bytes"
                )
        return self._head

    async def read(self) -> bytes:
        """Return the next bytes of the content; nothing at its end.

        Raises:
            NetworkError: the connection broke, or ended too early.
        """
        assert self._head is not None
        while not self._body:
            if self._is_complete:
                return b""
            if self._broken is not None:
                raise self._broken
            data = await self._stream.receive()
            self.received += len(data)
            if data:
                self._feed(data)
                self._bound_what_is_no_content(len(data))
            else:
                self._end(self._head)
        data = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body.clear()
        return data

    def _bound_what_is_no_content(self, length: int) -> None:
        """Bound the trailers and what else stands between chunks; httptools keeps a trailer."""
        self._no_content += length
        if self._body:
            self._no_content = 0
        if self._no_content > self._head_limit:
            raise NetworkError(
                "too_large", f"the trailers are longer than {self._head_limit} bytes"
            )

    async def read_all(self, limit: int) -> bytes:
        """Return the whole content.

        Raises:
            NetworkError: the connection broke or ended too early, or it is longer than `limit`.
        """
        pieces: list[bytes] = []
        length = 0
        while piece := await self.read():
            length += len(piece)
            if length > limit:
                raise NetworkError("too_large", f"the content is longer than {limit} bytes")
            pieces.append(piece)
        return b"".join(pieces)

    @property
    def received_at(self) -> float:
        """When the last bytes came."""
        return self._stream.received_at

    @property
    def is_reusable(self) -> bool:
        """Whether another request may follow: all was read, and both sides go on."""
        return self._keeps_alive and not self._has_more and self._stream.is_idle

    @property
    def upgraded(self) -> bytes:
        """What came behind a head after which HTTP is no longer spoken (101, CONNECT)."""
        return b"".join(self._behind)

    def close(self) -> None:
        """End the connection."""
        self._stream.close()
        self._parser = None  # it refers to this: the collector would find both, but late

    def _begin(self, method: str) -> None:
        self._method = method
        self._head: Head | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._raw: list[bytes] = []  # of the head, until it is known
        self._body: list[bytes] = []
        self._behind: list[bytes] = []
        self._broken: NetworkError | None = None
        self._first_byte = 0.0
        self._no_content = 0
        self._is_complete = False
        self._keeps_alive = False
        self._has_more = False
        self.received = 0

    def _new_parser(self) -> HttpResponseParser:
        from httptools import HttpResponseParser  # 0.3 MB, with the first use  # noqa: PLC0415

        parser = HttpResponseParser(self)
        parser.set_dangerous_leniencies(
            lenient_data_after_close=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )
        return parser

    def _has_head(self) -> bool:
        return self._head is not None

    def _feed(self, data: bytes) -> None:
        if self._is_complete:
            return
        if self._lenient is not None and self._head is None:
            self._feed_leniently(data)
            return
        if self._head is None:
            self._raw.append(data)
        assert self._parser is not None
        try:
            self._parser.feed_data(data)
        except Exception as error:  # noqa: BLE001  # httptools' own, and no other is let pass
            self._take_error(error, data)

    def _take_error(self, error: Exception, data: bytes) -> None:
        """Hear from httptools that HTTP ends here, or that the answer breaks its rules."""
        from httptools import HttpParserError, HttpParserUpgrade  # noqa: PLC0415

        if isinstance(error, HttpParserUpgrade):
            self._is_complete = True
            self._behind.append(data[error.args[0] :])
            return
        if not isinstance(error, HttpParserError):
            raise error
        if isinstance(error.__context__, NetworkError):
            raise error.__context__ from None
        if self._head is None:
            self._begin_leniently()
        elif not self._is_complete:  # the head and what came before it are good
            self._broken = NetworkError("protocol", f"the answer breaks HTTP/1.1: {error}")

    def _begin_leniently(self) -> None:
        """Read the head once more, from its first byte."""
        self._lenient = LenientHead()
        self._headers = []
        self._feed_leniently(b"".join(self._raw))

    def _feed_leniently(self, data: bytes) -> None:
        """Take bytes of a head; once it is whole, leave the content to httptools again."""
        while self._lenient is not None:
            head = self._lenient.feed(data, self._first_byte)
            if head is None:
                return
            data = self._lenient.rest
            if _is_interim(head.status):
                self._lenient = LenientHead()
                continue
            self._lenient = None
            length = framing(head)
            self._take_head(head)
            if self._is_complete:
                self._behind.append(data)
                return
            self._is_framed = True
            self._parser = parser = self._new_parser()
            parser.feed_data(f"HTTP/1.1 200 OK\r\n{length}\r\n\r\n".encode())
            self._feed(data)

    def _take_head(self, head: Head) -> None:
        self._head = head
        self._raw = []
        is_tunnel = self._method == "CONNECT" and head.status in _CONNECTED
        if is_tunnel or not head.may_have_body(self._method):
            self._is_complete = True

    def _end(self, head: Head) -> None:
        """Judge whether the content may end with the connection."""
        if head.get("transfer-encoding") is not None or head.get("content-length") is not None:
            raise NetworkError("closed", "the server ended the connection before the content did")
        self._is_complete = True

    def on_message_begin(self) -> None:
        """Note a response that nobody asked for."""
        self._has_more = self._head is not None

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header."""
        if self._head is not None:
            return  # a trailer
        if len(self._headers) >= HEADER_COUNT_LIMIT:
            raise NetworkError("protocol", f"there are more than {HEADER_COUNT_LIMIT} headers")
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Take the head, unless it is an interim one."""
        assert self._parser is not None
        status = self._parser.get_status_code()
        if self._head is not None or _is_interim(status):
            return
        version = f"HTTP/{self._parser.get_http_version()}"
        headers = [
            (name.decode("latin-1").lower(), text(value).rstrip(" \t"))
            for name, value in self._headers
        ]
        head = Head(version, status, headers, self._first_byte)
        if codings := head.all("transfer-encoding"):
            check_transfer_encoding(codings)
        self._take_head(head)

    def on_body(self, body: bytes) -> None:
        """Take a piece of the content."""
        if not self._is_complete:
            self._body.append(body)
        elif self._method == "CONNECT":
            self._behind.append(body)

    def on_message_complete(self) -> None:
        """Note the end, or that an interim response has passed."""
        if self._head is None:
            self._headers = []
            return
        self._is_complete = True
        assert self._parser is not None
        self._keeps_alive = not self._is_framed and self._parser.should_keep_alive()


def encode(
    method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes = b""
) -> bytes:
    """Return a request as it goes over the wire. Pure.

    Args:
        method: as it is sent.
        target: the path and query, an absolute URL for a proxy, or host and port.
        headers: names and values, in order; `Host` and the length of the body among them.
        body: what follows the head.
    """
    lines = [f"{method} {target} HTTP/1.1\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in headers]
    lines.append("\r\n")
    return "".join(lines).encode("utf-8", "surrogateescape") + body


def _is_interim(status: int) -> bool:
    return status < _OK and status != _SWITCHING
