"""The bytes of one connection in, whole requests or one refusal out. No I/O, no clock.

The grammar is llhttp's, strict: it refuses what requests are smuggled with (Content-Length
beside Transfer-Encoding or twice, folded headers, bare line feeds, space before a colon). What
it does not bound is bounded here: headers, bodies, chunk extensions and trailers.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from pillion.web.message import Request, Response, unquote

if TYPE_CHECKING:
    from pillion.web.limits import Limits


class Stage(IntEnum):
    """Where in a request the bytes stopped."""

    BETWEEN = 0
    HEAD = 1
    BODY = 2


@dataclass(slots=True)
class Arrival:
    """A request with what its answer must know of the connection.

    Attributes:
        request: the request.
        keep_alive: whether another one may follow.
        is_old: whether it was HTTP/1.0, where keeping alive has to be said.
    """

    request: Request
    keep_alive: bool
    is_old: bool


class Ledger:
    """The bytes of request bodies that all connections of a server hold."""

    __slots__ = ("held", "limit")

    def __init__(self, limit: int) -> None:
        self.held = 0
        self.limit = limit


class _RefusedError(Exception):
    """Stops the parser from within; `Reader.refusal` says why."""


class Reader:
    """Reads the requests of one connection.

    Attributes:
        arrivals: requests that are whole, in order. The caller takes them out.
        refusal: how to answer what cannot be read on; None while all is well.
        is_finished: whether nothing more is read: after a refusal, or the last request.
        stage: where the bytes stopped.
        count: how many requests have begun.
        awaits_continue: whether the client waits for `100 Continue` before it sends a body.
            The caller clears it.
    """

    __slots__ = (
        "_body",
        "_body_size",
        "_head_size",
        "_header_count",
        "_headers",
        "_keep_alive",
        "_ledger",
        "_limits",
        "_parser",
        "_peer",
        "_silent",
        "_url",
        "_version",
        "arrivals",
        "awaits_continue",
        "count",
        "is_finished",
        "refusal",
        "stage",
    )

    def __init__(self, limits: Limits, ledger: Ledger, peer: str) -> None:
        self._limits = limits
        self._ledger = ledger
        self._peer = peer
        self._parser = HttpRequestParser(self)
        self.arrivals: deque[Arrival] = deque()
        self.refusal: Response | None = None
        self.is_finished = False
        self.stage = Stage.BETWEEN
        self.count = 0
        self.awaits_continue = False
        self._silent = 0
        self._version = "1.1"
        self._keep_alive = True
        self._url = b""
        self._headers: dict[str, str] = {}
        self._header_count = 0
        self._head_size = 0
        self._body: list[bytes] = []
        self._body_size = 0

    def feed(self, data: bytes | memoryview) -> None:
        """Read on. Pieces should be small (4 KiB): all requests in one are parsed at once."""
        if self.is_finished:
            return
        # The parser gathers a header that never ends without a word; so its silence is counted.
        self._silent += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            # We answer in HTTP/1.1 and change to nothing; what follows may be of any protocol.
            self.arrivals[-1].keep_alive = False
            self.is_finished = True
        except HttpParserError as error:
            if self.refusal is None and not self.is_finished:
                self.refusal = Response(f"400 bad request: {_sentence(error)}\n", 400)
            self.is_finished = True
        else:
            if self._silent > self._limits.head_size and not self.is_finished:
                self.refusal = _too_large()
                self.is_finished = True

    def release(self, request: Request) -> None:
        """Take an answered request's body off the ledger."""
        self._ledger.held -= len(request.body)

    def close(self) -> None:
        """Take all that is held off the ledger; the connection is gone."""
        self.is_finished = True
        self._ledger.held -= self._body_size
        self._body_size = 0
        while self.arrivals:
            self.release(self.arrivals.popleft().request)

    # What the parser calls, in the order in which it does.

    def on_message_begin(self) -> None:
        """Begin a request."""
        self.stage = Stage.HEAD
        self.count += 1
        self._url = b""
        self._headers = {}
        self._header_count = 0
        self._head_size = 0

    def on_url(self, part: bytes) -> None:
        """Take a part of the target."""
        self._url = self._url + part if self._url else part
        self._grow_head(len(part))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer, which is counted and dropped."""
        self._header_count += 1
        self._grow_head(len(name) + len(value) + 4)
        if self.stage is Stage.BODY:
            return
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        headers = self._headers
        if key in headers:
            if key == "host":
                raise self._refused(_bad("more than one Host header"))
            text = f"{headers[key]}, {text}"
        headers[key] = text

    def on_headers_complete(self) -> None:
        """Judge the head, before any of the body is read."""
        self.stage = Stage.BODY
        self._silent = 0
        parser, headers = self._parser, self._headers
        version = self._version = parser.get_http_version()
        self._keep_alive = parser.should_keep_alive()
        if version == "1.1":
            if "host" not in headers:
                raise self._refused(_bad("no Host header"))
        elif version != "1.0":
            raise self._refused(Response("505 only HTTP/1.1 and HTTP/1.0 are spoken here\n", 505))
        elif "transfer-encoding" in headers:
            raise self._refused(_bad("Transfer-Encoding in HTTP/1.0"))
        if int(headers.get("content-length", 0)) > self._limits.body_size:
            raise self._refused(self._body_too_large())
        if "expect" in headers and version == "1.1":
            if headers["expect"].lower() != "100-continue":
                raise self._refused(Response("417 only 100-continue can be expected\n", 417))
            self.awaits_continue = True

    def on_chunk_header(self) -> None:
        """Hear that the parser got on."""
        self._silent = 0

    def on_body(self, part: bytes) -> None:
        """Take a part of the body."""
        self._silent = 0
        self._body.append(part)
        self._body_size += len(part)
        self._ledger.held += len(part)
        if self._body_size > self._limits.body_size:
            raise self._refused(self._body_too_large())
        if self._ledger.held > self._ledger.limit:
            raise self._refused(Response("503 too many request bodies at once\n", 503))

    def on_message_complete(self) -> None:
        """Put the request where the caller takes it."""
        self._silent = 0
        target = self._url.decode("latin-1")
        path, _, query = target.partition("#")[0].partition("?")
        if not path.startswith("/"):
            path = _path_of_absolute(path)
        request = Request(
            self._parser.get_method().decode("latin-1"),
            unquote(path),
            query,
            self._headers,
            b"".join(self._body),
            self._peer,
        )
        self._body = []
        self._body_size = 0
        self.stage = Stage.BETWEEN
        self.awaits_continue = False
        self.arrivals.append(Arrival(request, self._keep_alive, self._version == "1.0"))
        if not self._keep_alive:
            self.is_finished = True

    def _grow_head(self, size: int) -> None:
        self._silent = 0
        self._head_size += size
        limits = self._limits
        if self._head_size > limits.head_size or self._header_count > limits.header_count:
            raise self._refused(_too_large())

    def _refused(self, refusal: Response) -> _RefusedError:
        self.refusal = refusal
        self.is_finished = True
        return _RefusedError()

    def _body_too_large(self) -> Response:
        return Response(f"413 the body is larger than {self._limits.body_size} bytes\n", 413)


def _bad(why: str) -> Response:
    return Response(f"400 bad request: {why}\n", 400)


def _too_large() -> Response:
    return Response("431 the request line and headers are too large\n", 431)


def _sentence(error: HttpParserError) -> str:
    text = str(error)
    return text[:1].lower() + text[1:]


def _path_of_absolute(target: str) -> str:
    """Return the path of `http://host/path` (RFC 9112, 3.2.2); `*` and others stay."""
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return target
    _, slash, path = rest.partition("/")
    return slash + path or "/"
