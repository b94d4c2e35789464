"""A byte stream over a socket, with or without TLS, that knows when each byte came.

The socket is read in the event loop's callback, the moment noted there and TLS advanced there,
so that what is measured does not grow when the loop has others to serve. Bytes are asked for
with `receive`; while nobody asks, at most one read is kept and the rest waits in the kernel.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import TYPE_CHECKING

from pillion.net.failure import NetworkError, connection_error

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

READ_SIZE = 65_536


class Stream:
    """One connection.

    Attributes:
        socket: the socket, connected and non-blocking.
        received_at: when the bytes of the last `receive` came in, by the clock; after a
            handshake, when it ended.
        tls: the TLS side of it, or None.
    """

    __slots__ = (
        "_clock",
        "_descriptor",
        "_error",
        "_handshake",
        "_incoming",
        "_is_reading",
        "_loop",
        "_outgoing",
        "_pending",
        "_sent",
        "_unsent",
        "_waiter",
        "received_at",
        "socket",
        "tls",
    )

    def __init__(
        self, connected: socket.socket, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.socket = connected
        self.received_at = 0.0
        self.tls: ssl.SSLObject | None = None
        self._descriptor = connected.fileno()  # asyncio formats a socket in full at each use
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._pending: tuple[bytes, float] | None = None  # no bytes are the end
        self._error: NetworkError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._handshake: asyncio.Future[None] | None = None
        self._is_reading = False
        self._unsent = bytearray()
        self._sent: asyncio.Future[None] | None = None

    async def receive(self) -> bytes:
        """Return what came, some 64 KiB at most; nothing once the other side has ended.

        Raises:
            NetworkError: the connection broke.
        """
        while self._pending is None:
            self._read_on()
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        data, self.received_at = self._pending
        if data:
            self._pending = None
        elif self._error is not None:
            raise self._error
        return data

    def write(self, data: bytes) -> None:
        """Send bytes; what the kernel does not take at once follows by itself.

        Raises:
            NetworkError: the connection is broken.
        """
        if self.tls is None:
            self._send(data)
        else:
            self.tls.write(data)
            self._send(self._outgoing.read())

    async def drain(self) -> None:
        """Return when everything that was written is with the kernel.

        Raises:
            NetworkError: the connection is broken.
        """
        if self._unsent:
            self._sent = self._loop.create_future()
            await self._sent

    async def handshake(self, context: ssl.SSLContext, server_name: str | None) -> None:
        """Begin TLS as a client.

        Raises:
            ssl.SSLError: the handshake failed, by our judgement or theirs.
            NetworkError: the connection broke.
        """
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        if self._pending is not None:  # what came in clear is no part of TLS, and will be judged
            self._incoming.write(self._pending[0])
            self._pending = None
        self._handshake = self._loop.create_future()
        self._advance(self._clock())
        if not self._handshake.done():
            self._read_on()
        try:
            await self._handshake
        finally:
            self._handshake = None

    @property
    def is_idle(self) -> bool:
        """Whether it is open and nothing has come that was not asked for."""
        return self._pending is None and self._error is None and self.socket.fileno() >= 0

    def now(self) -> float:
        """Return the present moment, by the clock."""
        return self._clock()

    def unread(self, data: bytes) -> None:
        """Put back what `receive` returned last, to be returned, or to be read as TLS, again."""
        if data:
            later = self._pending[0] if self._pending is not None else b""
            self._pending = (data + later, self.received_at)

    def abort(self, error: NetworkError) -> None:
        """Break the connection; whoever waits on it, or asks next, meets the error."""
        self._error = error
        self._stop_reading()
        if self._handshake is not None and not self._handshake.done():
            self._handshake.set_exception(error)
            return
        self._pending = (b"", self._clock())
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if self._sent is not None and not self._sent.done():
            self._sent.set_exception(error)

    def close(self) -> None:
        """End the connection; never waits and never fails."""
        if self.socket.fileno() < 0:
            return
        self._stop_reading()
        if self._unsent:
            self._loop.remove_writer(self._descriptor)
        self.socket.close()

    def _read_on(self) -> None:
        if not self._is_reading:
            self._loop.add_reader(self._descriptor, self._on_readable)
            self._is_reading = True

    def _stop_reading(self) -> None:
        if self._is_reading:
            self._loop.remove_reader(self._descriptor)
            self._is_reading = False

    def _on_readable(self) -> None:
        if self._pending is not None:
            self._stop_reading()  # nobody asks: the rest waits in the kernel
            return
        try:
            data = self.socket.recv(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._break(connection_error(error, "reading"))
            return
        moment = self._clock()
        if self.tls is None:
            self._deliver(data, moment)
            return
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        if self._handshake is not None:
            self._advance(moment)
        else:
            self._deliver_decrypted(moment)

    def _advance(self, moment: float) -> None:
        """Take the handshake as far as it goes with what has come."""
        assert self.tls is not None
        assert self._handshake is not None
        if self._handshake.done():
            return
        try:
            self.tls.do_handshake()
            self._send(self._outgoing.read())
        except ssl.SSLWantReadError:
            self._send_or_break(self._outgoing.read())
        except ssl.SSLError as error:
            self._send_or_break(self._outgoing.read())  # the alert that says why
            if not self._handshake.done():
                self._handshake.set_exception(error)
        except NetworkError as error:
            self._handshake.set_exception(error)
        else:
            self.received_at = self._clock()
            self._handshake.set_result(None)
            if self._incoming.pending:
                self._deliver_decrypted(moment)

    def _deliver_decrypted(self, moment: float) -> None:
        assert self.tls is not None
        pieces: list[bytes] = []
        is_over = False
        try:
            while not is_over:
                piece = self.tls.read(READ_SIZE)
                pieces.append(piece)
                is_over = not piece
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            is_over = True
        except ssl.SSLError as error:
            said = str(error.reason or error.args[-1]).replace("_", " ").lower()
            self._break(NetworkError("protocol", f"reading over TLS: {said}"))
            return
        self._send_or_break(self._outgoing.read())
        if data := b"".join(pieces):
            self._deliver(data, moment)
        elif is_over:
            self._deliver(b"", moment)

    def _deliver(self, data: bytes, moment: float) -> None:
        if self._pending is not None and not data:
            return
        self._pending = (data, moment)
        if not data:
            self._stop_reading()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _break(self, error: NetworkError) -> None:
        self._error = error
        if self._handshake is not None and not self._handshake.done():
            self._stop_reading()
            self._handshake.set_exception(error)
        else:
            self._deliver(b"", self._clock())

    def _send(self, data: bytes) -> None:
        if not data:
            return
        if self._unsent:
            self._unsent += data
            return
        try:
            sent = self.socket.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            raise connection_error(error, "sending") from None
        if sent < len(data):
            self._unsent += memoryview(data)[sent:]
            self._loop.add_writer(self._descriptor, self._on_writable)

    def _send_or_break(self, data: bytes) -> None:
        try:
            self._send(data)
        except NetworkError as error:
            # An answer may have come before; it is read first.
            if self._handshake is not None:
                self._break(error)

    def _on_writable(self) -> None:
        failed: NetworkError | None = None
        try:
            sent = self.socket.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            failed, sent = connection_error(error, "sending"), len(self._unsent)
        del self._unsent[:sent]
        if self._unsent:
            return
        self._loop.remove_writer(self._descriptor)
        if self._sent is not None and not self._sent.done():
            if failed is None:
                self._sent.set_result(None)
            else:
                self._sent.set_exception(failed)
