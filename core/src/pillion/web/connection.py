"""One connection: aiohttp's, with a deadline for each thing that a client can take its time over.

It owns no timer. It keeps the moment at which it will have taken too long, and the server's one
sweep calls `expire`. Only what aiohttp documents or names without an underscore is used;
`tests/core/web/test_aiohttp.py` names the versions for which that was tried.
"""

from __future__ import annotations

import asyncio
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

if TYPE_CHECKING:
    from typing import Any

    from pillion.web.connections import Connections

_MAPPED = "::ffff:"
_BODY_BUFFER = 8 * 1024
"""Bytes of a body that nobody reads yet after which the client is not listened to: a body in
chunks of two bytes takes twenty times as much."""
_AFTER_HALF_CLOSE = 0.05
_TIMED_OUT = (
    b"HTTP/1.1 408 Request Timeout\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 30\r\nConnection: close\r\n\r\n408 the headers took too long\n"
)
_TOO_LARGE_TEXT = "431 the request line and headers are too large\n"
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%b"
) % (len(_TOO_LARGE_TEXT), _TOO_LARGE_TEXT.encode())


# What a connection is at. Not an Enum: its members cost as much as all that is done here.
_BETWEEN, _HEAD, _ANSWERING, _LINGERING = range(4)


class Connection(web.RequestHandler):
    """One accepted socket, from before its TLS handshake to its end.

    Attributes:
        since: when what it is at began, by the server's clock.
        allowance: how many seconds that may take; then `expire` is due.
        opening: the task that makes the transport; it is cancelled by `drop`.
        is_encrypted: whether it is one with TLS.
        has_large_head: whether the request in hand has a head that is not worth keeping.
    """

    def __init__(
        self, server: web.Server, connections: Connections, place: object, *, is_encrypted: bool
    ) -> None:
        limits = connections.limits
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # aiohttp's own runner passes None too
            logger=connections.logger,
            max_line_size=limits.head_size,
            max_field_size=limits.head_size,
            max_headers=limits.header_count,
            lingering_time=limits.linger_time,
            read_bufsize=_BODY_BUFFER,
            auto_decompress=False,
        )
        self._connections = connections
        self._limits = limits
        self._place = place
        self._wire: asyncio.Transport | None = None
        self._request: web.BaseRequest | None = None
        self._stage = _HEAD
        self._head_size = 0
        self._answers = 0
        self._next_size = 0
        self._is_half_closed = False
        self._is_refused = False
        self.is_encrypted = is_encrypted
        self.has_large_head = False
        self.opening: asyncio.Task[None] | None = None
        self.since = 0.0
        self.allowance = inf
        self._allow(limits.head_time)
        connections.join(self)

    @cached_property
    def peer(self) -> str:
        """The client, for the log."""
        if not isinstance(self._place, tuple):
            return "unix"
        host, port = self._place[0].removeprefix(_MAPPED), self._place[1]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def is_open(self) -> bool:
        """Whether it has a transport."""
        return self._wire is not None

    @property
    def is_idle(self) -> bool:
        """Whether no request of it is being answered."""
        return self._request is None

    @property
    def is_lingering(self) -> bool:
        """Whether it is refused, and given a little time to read why."""
        return self._stage == _LINGERING

    def drop(self) -> None:
        """Cut the connection now, whatever it is at."""
        self._connections.leave(self)
        if self._wire is not None:
            self._wire.abort()
        elif self.opening is not None:
            self.opening.cancel()

    def expire(self) -> None:
        """Give up on a client that took too long."""
        wire, stage = self._wire, self._stage
        if wire is None or wire.is_closing() or self.writing_paused or stage == _LINGERING:
            self.drop()
        elif stage == _ANSWERING:
            self._expire_body(wire)
        else:
            if stage == _HEAD and self._head_size:
                wire.write(_TIMED_OUT)
            self._linger(self._limits.linger_time)
            self.force_close()

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless the client's certificate does not do."""
        assert isinstance(transport, asyncio.Transport)
        self._wire = transport
        # So low that `resume_writing` means that the client has taken everything.
        transport.set_write_buffer_limits(high=1, low=0)
        self._allow(self._limits.head_time)
        super().connection_made(transport)
        security = self._connections.security
        if self.is_encrypted and security is not None:
            why = security.verify_peer(transport.get_extra_info("ssl_object"))
            if why is not None:
                self._connections.log.debug("a client was turned away", peer=self.peer, cause=why)
                self.drop()

    def data_received(self, data: bytes) -> None:
        """Read on; the time runs for a head as a whole, however slowly bytes drip in."""
        stage = self._stage
        if stage == _LINGERING:
            return
        if data:
            self._answers = 0
            if stage == _ANSWERING:
                assert self._request is not None
                if self._request.content.is_eof():
                    self._next_size += len(data)
            elif self._head_size > self._limits.head_size:
                # So much without a request: had there been one, `begin` would have been called.
                assert self._wire is not None
                self._wire.write(_TOO_LARGE)
                self._linger(self._limits.linger_time)
                self.close()
                return
            else:
                if stage == _BETWEEN:
                    self._stage = _HEAD
                    self._allow(self._limits.head_time)
                self._head_size += len(data)
        super().data_received(data)

    def eof_received(self) -> bool | None:  # type: ignore[override]  # aiohttp's is asyncio's, narrowed
        """Let a client that has closed its half have the answers that come soon.

        A client that gave up looks the same as one that only stopped sending. asyncio's TLS knows
        no half of a connection.
        """
        is_whole = self._request is not None and self._request.content.is_eof()
        if not is_whole or self.is_encrypted or self._stage != _ANSWERING:
            return None
        self._is_half_closed = True
        if not self.writing_paused:
            self._allow(self._limits.linger_time)
        return True

    def pause_writing(self) -> None:
        """Hear that the client has not taken the whole answer yet."""
        super().pause_writing()
        self._allow(self._limits.write_time)

    def resume_writing(self) -> None:
        """Hear that the client has taken all."""
        super().resume_writing()
        if self._request is not None:
            self._allow_answer(self._request)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Let go of everything; aiohttp cancels the handler at work."""
        self._connections.leave(self)
        super().connection_lost(exc)

    # From a request to its answer.

    def begin(self, request: web.BaseRequest) -> None:
        """Hear that a head is whole and its request about to be handled."""
        if self._head_size > self._limits.kept_head_size:
            size = sum(len(name) + len(value) + 4 for name, value in request.raw_headers)
            self.has_large_head = size + len(request.raw_path) > self._limits.kept_head_size
        self._head_size = 0
        self._next_size = 0
        self._request = request
        self._stage = _ANSWERING
        self._allow_answer(request)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer; the next request on the connection lets others have their turn first."""
        # A body that nobody has read is thrown away unparsed: two bytes to a chunk cost CPU.
        self._is_refused = self._is_refused or not request.content.is_eof()
        if self._connections.is_closing or self.has_large_head or self._is_refused:
            resp.force_close()
        sent, is_reset = await super().finish_response(request, resp, start_time)
        if self._is_refused and not (is_reset or self._is_half_closed) and self._wire is not None:
            # To close while the client still sends would reset the connection, and it would never
            # see why. This ends with the connection.
            self._linger(self._limits.linger_time)
            if self._wire.can_write_eof():
                self._wire.write_eof()
            await asyncio.get_running_loop().create_future()
        self._answers += 1
        if self._answers > 1:
            async with self._connections.pipelining:
                await asyncio.sleep(0)
        self._request = None
        self._head_size = self._next_size
        self._stage = _HEAD if self._head_size else _BETWEEN
        self._allow(self._limits.head_time if self._head_size else self._limits.idle_time)
        if self._is_half_closed:
            asyncio.get_running_loop().call_later(_AFTER_HALF_CLOSE, self._close_if_idle)
        return sent, is_reset

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what cannot be read: 431 when it is too large, else 400."""
        self._is_refused = True
        if status >= 500:  # noqa: PLR2004  # what the middlewares let through: never a client's doing
            return super().handle_error(request, status, exc, message)
        reason = (message or "").partition("\n")[0].rstrip(":")
        if isinstance(exc, LineTooLong) or reason.startswith("Too many headers"):
            return refusal(431, _TOO_LARGE_TEXT, self._connections)
        return refusal(400, f"400 bad request: {reason[:200]}\n", self._connections)

    def _allow_answer(self, request: web.BaseRequest) -> None:
        """Give a body its time; a handler bounds itself."""
        if self._is_half_closed:
            self._allow(self._limits.linger_time)
        else:
            self._allow(inf if request.content.is_eof() else self._limits.body_time)

    def _expire_body(self, wire: asyncio.Transport) -> None:
        """End the wait for a body, in the handler that reads it; or the wait of nobody."""
        assert self._request is not None
        if self._is_half_closed:
            wire.abort()
        elif not self._request.content.is_eof():
            self._is_refused = True
            late = web.HTTPRequestTimeout(text="408 the body took too long\n")
            self._request.content.set_exception(late)
        self._allow(inf)

    def _close_if_idle(self) -> None:
        if self._request is None:
            self.force_close()

    def _linger(self, seconds: float) -> None:
        self._stage = _LINGERING
        self._allow(seconds)

    def _allow(self, seconds: float) -> None:
        self.since = self._connections.clock()
        self.allowance = seconds


def refusal(status: int, text: str, connections: Connections) -> web.Response:
    """Return the answer to what is no request, so that no middleware has seen it."""
    response = web.Response(status=status, text=text)
    response.headers["Server"] = SERVER
    if connections.security is not None:
        response.headers.update(connections.security.headers)
    return response


SERVER = "pillion"
"""The Server header: no version of anything."""


def peer_of(request: web.BaseRequest) -> str:
    """Return address and port of a request's client, for the log."""
    connection: Any = request.protocol
    return connection.peer if isinstance(connection, Connection) else request.remote or "unknown"
