"""One HTTP/1.1 connection, kept alive: a request at a time, an answer as one value.

The hot path of the exporter: a scrape of a kept-alive connection is one `write`, one
`data_received` and one future.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httptools

from pillion.errors import TransientError
from pillion_nginx_exporter.fetch.failure import translated

if TYPE_CHECKING:
    from pillion_nginx_exporter.target import Endpoint

RESPONSE_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered.

    Attributes:
        status: the status code.
        body: the whole body.
        location: the Location header, or empty.
    """

    status: int
    body: bytes
    location: str


class Connection(asyncio.Protocol):
    """An `asyncio.Protocol` that asks, and parses what is answered.

    The methods of `httptools.HttpResponseParser`'s protocol (`on_...`) are called from within
    `data_received`.
    """

    __slots__ = (
        "_answer",
        "_body",
        "_endpoint",
        "_has_length",
        "_headers_are_complete",
        "_is_closed",
        "_limit",
        "_location",
        "_parser",
        "_received",
        "_transport",
        "answered",
    )

    def __init__(self, endpoint: Endpoint, limit: int = RESPONSE_LIMIT) -> None:
        self._endpoint = endpoint
        self._limit = limit
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._is_closed = False
        self._received = 0
        self.answered = 0
        self._begin()

    @property
    def is_open(self) -> bool:
        """Whether it can be asked."""
        return not self._is_closed

    @property
    def was_closed_while_idle(self) -> bool:
        """Whether it ended, after earlier answers, without a byte of the last one asked for.

        That is how a kept-alive connection ends when the server closed it while the request
        was on its way: asking once more on a new connection is safe.
        """
        return self._is_closed and self.answered > 0 and self._received == 0

    async def ask(self, request: bytes, deadline: float) -> Answer:
        """Send a request and return its answer. A cancelled question closes the connection.

        Args:
            request: the whole request.
            deadline: when to have given up, in the loop's time.

        Raises:
            TransientError: the connection ended or was silent for too long, or what came is
                no HTTP, or too much of it.
        """
        if self._transport is None or self._is_closed or self._answer is not None:
            raise TransientError(f"{self._endpoint} closed the connection", reason="reset")
        loop = asyncio.get_running_loop()
        self._answer = loop.create_future()
        self._received = 0
        # asyncio.timeout would cost three times as much, a tenth of a whole scrape.
        timer = loop.call_at(deadline, self._fail, "did not answer in time", "timeout")
        self._transport.write(request)
        try:
            return await self._answer
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            timer.cancel()
            self._answer = None

    def close(self) -> None:
        """Close at once; what is under way fails."""
        self._is_closed = True
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take bytes of an answer."""
        if self._answer is None or self._answer.done():
            self.close()  # nobody asked
            return
        self._received += len(data)
        if self._received > self._limit:
            self._fail(f"answered more than {self._limit // 1024} KiB", "too_large")
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("answered with something that is no HTTP/1.1", "protocol")

    def connection_lost(self, error: Exception | None) -> None:
        """Give up what is under way, unless its end is what completes it."""
        self._is_closed = True
        if self._answer is None or self._answer.done():
            return
        if error is None and self._headers_are_complete and not self._has_length:
            self._finish()
        elif isinstance(error, OSError):
            self._answer.set_exception(translated(error, self._endpoint))
        else:
            self._fail("closed the connection before its answer was complete", "reset")

    # httptools

    def on_message_begin(self) -> None:
        """Begin an answer, unless nobody asked for one more."""
        if self._answer is None or self._answer.done():
            self.close()
        self._begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note the headers that matter here."""
        name = name.lower()
        if name == b"location":
            self._location = value
        elif name in (b"content-length", b"transfer-encoding"):
            self._has_length = True

    def on_headers_complete(self) -> None:
        """Note that a body may end with the connection from here on."""
        self._headers_are_complete = True

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Answer the question, unless this is an interim response (1xx)."""
        if self._parser.get_status_code() >= 200:  # noqa: PLR2004  # RFC 9110, 15.2
            self._finish()

    def _begin(self) -> None:
        self._body: list[bytes] = []
        self._location = b""
        self._has_length = False
        self._headers_are_complete = False

    def _finish(self) -> None:
        if self._answer is None or self._answer.done():
            return
        self.answered += 1
        answer = Answer(
            self._parser.get_status_code(), b"".join(self._body), self._location.decode("latin-1")
        )
        if not self._parser.should_keep_alive():
            self.close()
        self._answer.set_result(answer)

    def _fail(self, phrase: str, reason: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(TransientError(f"{self._endpoint} {phrase}", reason=reason))
        self.close()
