"""A byte stream over a socket, with or without TLS, that knows when each byte came.

The socket is read in the event loop's callback and the moment noted there, so that what is
measured does not grow when the loop has other probes to serve. A prober asks for bytes with
`receive`; while it does not ask, at most one read is kept and the rest waits in the kernel.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import TYPE_CHECKING

from pillion_blackbox_exporter.network.failures import connection_error
from pillion_blackbox_exporter.probing.failure import ProbeError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

READ_SIZE = 65_536


class Stream:
    """One connection.

    Attributes:
        socket: the socket, connected and non-blocking.
        received_at: when the bytes of the last `receive` came in, by the clock.
        tls: the TLS side of it, or None.
    """

    __slots__ = (
        "_clock",
        "_error",
        "_incoming",
        "_loop",
        "_outgoing",
        "_pending",
        "_reading",
        "_unsent",
        "_waiter",
        "_writer",
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
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._pending: tuple[bytes, float] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._reading = False
        self._error: OSError | None = None
        self._unsent = bytearray()
        self._writer: asyncio.Future[None] | None = None
        self._incoming = self._outgoing = None  # type: ssl.MemoryBIO | None

    async def receive(self) -> bytes:
        """Return what came, at most 64 KiB; nothing once the other side has ended.

        Raises:
            ProbeError: the connection broke.
        """
        if self.tls is None:
            return await self._receive_raw()
        while True:
            try:
                return self.tls.read(READ_SIZE)
            except ssl.SSLWantReadError:
                await self._exchange()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            except ssl.SSLError as error:
                raise ProbeError("protocol", f"reading over TLS: {error.reason}") from None

    def write(self, data: bytes) -> None:
        """Send bytes; what the kernel does not take at once follows by itself.

        Raises:
            ProbeError: the connection is broken.
        """
        if self.tls is None:
            self._send(data)
            return
        self.tls.write(data)
        self._send(self._bio_out.read())

    async def drain(self) -> None:
        """Return when everything that was written is with the kernel."""
        if self._unsent:
            self._writer = self._loop.create_future()
            await self._writer
        if self._error is not None:
            raise connection_error(self._error, "sending")

    async def handshake(self, context: ssl.SSLContext, server_name: str | None) -> None:
        """Begin TLS as a client.

        Raises:
            ssl.SSLError: the handshake failed, by our judgement or theirs.
            ProbeError: the connection broke.
        """
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        if self._pending is not None:
            self._incoming.write(self._pending[0])
            self._pending = None
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._exchange()
            except ssl.SSLError:
                self._send_quietly(self._outgoing.read())  # the alert that says why
                raise
            else:
                self._send(self._outgoing.read())
                return

    def unread(self, data: bytes) -> None:
        """Give plain bytes back, to be the next that `receive` returns."""
        before = self._pending[0] if self._pending else b""
        self._pending = (data + before, self.received_at)

    def close(self) -> None:
        """End the connection; never waits and never fails."""
        if self.socket.fileno() < 0:
            return
        if self._reading:
            self._loop.remove_reader(self.socket)
        if self._unsent:
            self._loop.remove_writer(self.socket)
        self.socket.close()

    @property
    def _bio_out(self) -> ssl.MemoryBIO:
        assert self._outgoing is not None
        return self._outgoing

    async def _exchange(self) -> None:
        """Send what TLS has to say, and hand it what comes."""
        assert self._incoming is not None
        if self._bio_out.pending:
            self._send(self._bio_out.read())
        data = await self._receive_raw()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def _receive_raw(self) -> bytes:
        while self._pending is None:
            if not self._reading:
                self._loop.add_reader(self.socket, self._on_readable)
                self._reading = True
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        data, self.received_at = self._pending
        if self._error is not None and not data:
            raise connection_error(self._error, "reading")
        if data:
            self._pending = None  # the end stays the end for whoever asks again
        return data

    def _on_readable(self) -> None:
        if self._pending is not None:
            self._loop.remove_reader(self.socket)
            self._reading = False
            return
        try:
            data = self.socket.recv(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._error, data = error, b""
        self._pending = (data, self._clock())
        if not data:
            self._loop.remove_reader(self.socket)
            self._reading = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _send(self, data: bytes) -> None:
        if self._unsent:
            self._unsent += data
            return
        try:
            sent = self.socket.send(data) if data else 0
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            raise connection_error(error, "sending") from None
        if sent < len(data):
            self._unsent += memoryview(data)[sent:]
            self._loop.add_writer(self.socket, self._on_writable)

    def _send_quietly(self, data: bytes) -> None:
        try:
            self._send(data)
        except ProbeError:
            return

    def _on_writable(self) -> None:
        try:
            sent = self.socket.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._error, sent = error, len(self._unsent)
        del self._unsent[:sent]
        if not self._unsent:
            self._loop.remove_writer(self.socket)
            if self._writer is not None and not self._writer.done():
                self._writer.set_result(None)
