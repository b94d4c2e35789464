"""The client: requests one after the other over a connection that is kept alive."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httptools

from pillion.errors import TransientError
from pillion_log_agent.http.message import Answer, request_head

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Mapping, Sequence

SLICE = 128 * 1024
"""How much is given to the transport at a time; it copies what the socket does not take."""
ANSWER_LIMIT = 64 * 1024 * 1024
_HEADERS_LIMIT = 256


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Whom to talk to.

    Attributes:
        host: name or address.
        port: TCP.
        tls: the context for https, None for http.
        server_name: the name that its certificate has to bear, where it is not the host's.
        connect_timeout: seconds, with the TLS handshake.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    server_name: str | None = None
    connect_timeout: float = 10.0

    def __str__(self) -> str:
        scheme = "https" if self.tls is not None else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"


class Client:
    """Asks one endpoint, one request at a time."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._connection: _Connection | None = None

    async def request(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Sequence[bytes] = (),
        *,
        timeout: float,  # noqa: ASYNC109  # it becomes a TransientError
        limit: int = ANSWER_LIMIT,
    ) -> Answer:
        """Send a request, its body in parts, and return the answer, whole.

        Raises:
            TransientError: it could not be sent, or the answer did not come, or not whole.
        """
        head = request_head(method, target, headers, sum(map(len, body)))
        try:
            async with asyncio.timeout(timeout):
                connection = await self._send(head, body, limit)
                answer = await connection.answer()
        except TimeoutError:
            self.close()
            raise TransientError(
                f"{self.endpoint} did not answer within {timeout:g} s", reason="timeout"
            ) from None
        except (TransientError, asyncio.CancelledError):
            self.close()
            raise
        if not connection.is_reusable:
            self.close()
        return answer

    async def lines(
        self,
        target: str,
        headers: Mapping[str, str],
        *,
        silence: float,
        limit: int,
    ) -> AsyncIterator[bytes]:
        """Yield the lines of an answer as they come, until it ends.

        Args:
            target: what to GET.
            headers: of the request.
            silence: the most seconds without a byte.
            limit: the most bytes of one line.

        Raises:
            TransientError: the answer broke off, or is no 200 (the reason is its status).
        """
        connection = await self._send(request_head("GET", target, headers, 0), (), limit)
        rest = b""
        try:
            while True:
                try:
                    async with asyncio.timeout(silence):
                        piece = await connection.piece()
                except TimeoutError:
                    raise TransientError(
                        f"{self.endpoint} was silent for {silence:g} s", reason="timeout"
                    ) from None
                if connection.status != 200:  # noqa: PLR2004
                    answer = await connection.answer()
                    raise TransientError(
                        f"{self.endpoint} answered {answer.status}", reason=str(answer.status)
                    )
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    yield line
                if not piece or len(rest) > limit:
                    return
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.abort()
            self._connection = None

    async def _send(self, head: bytes, body: Sequence[bytes], limit: int) -> _Connection:
        connection = self._connection
        if connection is None or connection.is_closed:
            connection = self._connection = await self._connect()
        await connection.send(head, body, limit)
        return connection

    async def _connect(self) -> _Connection:
        endpoint = self.endpoint
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(endpoint.connect_timeout):
                _, connection = await loop.create_connection(
                    lambda: _Connection(str(endpoint)),
                    endpoint.host,
                    endpoint.port,
                    ssl=endpoint.tls,
                    server_hostname=(endpoint.server_name or endpoint.host)
                    if endpoint.tls is not None
                    else None,
                )
        except TimeoutError:
            raise TransientError(
                f"{endpoint} cannot be reached: timeout", reason="timeout"
            ) from None
        except OSError as error:
            raise TransientError(
                f"{endpoint} cannot be reached: {error.strerror or error}", reason=_reason(error)
            ) from None
        return connection


def _reason(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, socket.gaierror):
        return "dns"
    return "tls" if type(error).__module__ == "ssl" else "connect"


class _Connection(asyncio.Protocol):
    """One connection: a request goes out, its answer comes in, and so on."""

    def __init__(self, peer: str) -> None:
        self.status = 0
        self.is_closed = False
        self.is_reusable = False
        self.has_answered = False
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
        self.status = 0
        self.has_answered = False

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
                if self.has_answered:
                    return
                transport.write(view[start : start + SLICE])

    async def answer(self) -> Answer:
        """Return the answer once it is whole."""
        while not self._is_complete:
            await self._more()
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
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=SLICE)
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self.has_answered = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"{self._peer} answered what is no HTTP: {error}", "protocol")
        self._arrived.set()

    def connection_lost(self, error: Exception | None) -> None:
        self.is_closed = True
        if not self._is_complete:
            # Where neither length nor chunks say so, the end of the connection ends the body.
            is_end = error is None and self.status and not self._is_framed()
            if is_end:
                self._is_complete = True
            else:
                why = "reset" if error is not None else "closed"
                self._fail(f"{self._peer} broke off before its answer was whole ({why})", "reset")
        self._writable.set()
        self._arrived.set()

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self._headers) >= _HEADERS_LIMIT:
            raise ValueError("too many headers")
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limit:
            self._fail(f"{self._peer} answered more than {self._limit} bytes", "too_large")
            self.abort()
            return
        self._pieces.append(data)

    def on_message_complete(self) -> None:
        if self.status < 200:  # noqa: PLR2004  # 100 Continue, and the like
            self._headers = {}
            return
        self._is_complete = True
        self.is_reusable = self._parser.should_keep_alive()

    def _is_framed(self) -> bool:
        return "content-length" in self._headers or "transfer-encoding" in self._headers

    def _fail(self, sentence: str, reason: str) -> None:
        if self._failure is None:
            self._failure = TransientError(sentence, reason=reason)
