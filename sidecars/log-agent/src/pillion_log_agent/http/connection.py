"""One connection: the bytes of a request out, the answer in."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from typing import TYPE_CHECKING

import httptools

from pillion.errors import TransientError
from pillion_log_agent.http.message import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

SLICE = 128 * 1024
"""How much is given to the transport at a time; it copies what the socket does not take."""
_HEADERS_LIMIT = 256
_FINAL = 200
_ERRNO = re.compile(r"\[Errno (\d+)\]")
_PLACE = re.compile(r"^\[SSL: \w+\] | \(_ssl\.c:\d+\)$")


class StaleError(TransientError):
    """The connection ended before anything of an answer came."""


def is_of_tls(error: Exception) -> bool:
    """Whether an error is of TLS; ssl is not imported where nobody asked for it."""
    return type(error).__module__ == "ssl"


def words(error: OSError) -> str:
    """Return what an error says in the system's words: `connection refused`."""
    verification = getattr(error, "verify_message", "")
    if verification:
        return f"its certificate is not trusted: {verification}"
    if is_of_tls(error) or isinstance(error, socket.gaierror):
        return _PLACE.sub("", error.strerror or str(error)).lower()
    # asyncio says `Connect call failed` with the address, and joins what several addresses say.
    numbers = [error.errno] if error.errno else map(int, _ERRNO.findall(str(error)))
    said = list(dict.fromkeys(os.strerror(number).lower() for number in numbers))
    return ", ".join(said) or str(error)


class Connection(asyncio.Protocol):
    """One connection: a request goes out, its answer comes in, and so on.

    Attributes:
        status: of the answer, 0 before it has come (100 Continue is none).
        is_closed: nothing can be sent any more.
        is_reusable: the next request can go out, once the answer is whole.
    """

    def __init__(self, peer: str) -> None:
        self.status = 0
        self.is_closed = False
        self.is_reusable = False
        self._peer = peer
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._arrived = asyncio.Event()
        self._failure: TransientError | None = None
        self._begin(0)

    def _begin(self, limit: int) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._pieces: list[bytes] = []
        self._size = 0
        self._limit = limit
        self._is_complete = False
        self._is_over = False
        self._is_sent = False
        self._has_answered = False
        self.status = 0

    async def send(self, head: bytes, body: Sequence[bytes], limit: int) -> None:
        """Send a request; stop where the answer comes first."""
        self._begin(limit)
        transport = self._transport
        assert transport is not None
        transport.write(head + bytes(memoryview(body[0])[:SLICE]) if body else head)
        for number, part in enumerate(body):
            view = memoryview(part)
            for start in range(0 if number else SLICE, len(part), SLICE):
                await self._writable.wait()
                if self._failure is not None:
                    raise self._failure
                if self.status:
                    # It has its answer, most often 413, and does not read on.
                    return
                transport.write(view[start : start + SLICE])
        self._is_sent = True

    async def answer(self) -> Answer:
        """Return the answer once it is whole."""
        while not self._is_complete:
            await self._more()
        # What was not sent of a request would be taken for the next one.
        self.is_reusable = self.is_reusable and self._is_sent
        return Answer(self.status, self._headers, b"".join(self._pieces))

    async def piece(self) -> bytes:
        """Return what has come of the body since the last call; nothing at its end."""
        while not self._pieces and not self._is_complete:
            await self._more()
        data = b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        return data

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    async def _more(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._arrived.clear()
        await self._arrived.wait()

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=SLICE)
        self._writable.set()

    def pause_writing(self) -> None:
        """Wait: the socket takes no more."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Go on."""
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        if self._is_complete:
            # Nobody asked: a server that says why it closes an idle connection.
            self.is_closed = True
            self.abort()
            return
        self._has_answered = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"{self._peer} answered what is no HTTP: {error}", "protocol")
        self._arrived.set()

    def connection_lost(self, error: Exception | None) -> None:
        """Note whether the answer was whole by then, and why not."""
        self.is_closed = True
        if not self._is_complete and self._failure is None:
            # Where neither length nor chunks say so, the end of the connection ends the body.
            is_end = error is None and self.status and not self._is_framed()
            if is_end:
                self._is_complete = True
            elif isinstance(error, OSError) and is_of_tls(error):
                self._fail(f"{self._peer} ended TLS: {words(error)}", "tls")
            else:
                why = "reset" if error is not None else "closed"
                kind = TransientError if self._has_answered else StaleError
                sentence = f"{self._peer} broke off before its answer was whole ({why})"
                self._fail(sentence, "reset", kind)
        self._writable.set()
        self._arrived.set()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Note what comes after the answer: nobody asked for it."""
        self._is_over = self._is_complete

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, up to a number of them."""
        if self._is_over:
            return
        if len(self._headers) >= _HEADERS_LIMIT:
            raise ValueError("too many headers")
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Keep the status."""
        if self._is_over:
            return
        status = self._parser.get_status_code()
        # 100 Continue and the like come before the answer.
        self.status = status if status >= _FINAL else 0

    def on_body(self, data: bytes) -> None:
        """Keep a piece of the body, up to the limit."""
        self._size += len(data)
        if self._size > self._limit:
            self._fail(f"{self._peer} answered more than {self._limit} bytes", "too_large")
            self.abort()
        if self._failure is not None or self._is_over:
            return
        self._pieces.append(data)

    def on_message_complete(self) -> None:
        """Note that the answer is whole."""
        if self._is_over:
            self.is_reusable = False
        elif not self.status:
            self._headers = {}
        elif self._failure is None:
            self._is_complete = True
            self.is_reusable = self._parser.should_keep_alive()

    def _is_framed(self) -> bool:
        return "content-length" in self._headers or "transfer-encoding" in self._headers

    def _fail(
        self, sentence: str, reason: str, kind: type[TransientError] = TransientError
    ) -> None:
        if self._failure is None:
            self._failure = kind(sentence, reason=reason)
