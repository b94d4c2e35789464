"""Receives access logs as datagrams: read in batches, with what the kernel lost counted."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion_nginx_exporter.access_log.rfc3164 import lines, with_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion.log import Logger
    from pillion_nginx_exporter.access_log.syslog_address import SyslogAddress

_SO_RCVBUFFORCE, _SO_RXQ_OVFL = 33, 40
_BUFFER_BYTES = 16 * 1024 * 1024
_DATAGRAM_BYTES = 65536
_MOST_AT_ONCE = 512
_MOST_PENDING, _MOST_PENDING_BYTES = 512, 256 * 1024
_PAUSE = 0.004
"""Seconds between two batches: 240 datagrams at 60,000 a second, which any buffer holds."""


class SyslogReceiver:
    """One socket.

    Attributes:
        address: where it listens.
        received: datagrams that came.
        lost: datagrams that the kernel dropped, since the buffer was full.
        port: the UDP port that it listens on, once it is open.
    """

    def __init__(
        self,
        address: SyslogAddress,
        count: Callable[[bytes], None],
        log: Logger,
        tags: Sequence[str] = (),
    ) -> None:
        """Take where to listen, what counts lines, and the tags that alone count, if any."""
        self.address = address
        self.received = 0
        self.lost = 0
        self.port = address.port
        self._count = count
        self._tags = frozenset(tag.encode() for tag in tags)
        self._log = log.bind(address=str(address))
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._socket: socket.socket | None = None
        self._again: asyncio.TimerHandle | None = None
        self._buffer = bytearray(_DATAGRAM_BYTES)

    def open(self) -> None:
        """Listen.

        Raises:
            ConfigurationError: the address cannot be used.
        """
        try:
            self._socket = self._opened()
        except OSError as error:
            raise ConfigurationError(
                f"--nginx.access-syslog={self.address}: {error.strerror or error}"
            ) from error
        self._log.info(
            "receiving access logs",
            buffer=self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF),
        )
        asyncio.get_running_loop().add_reader(self._socket, self._turn)

    def close(self) -> None:
        """Read what has come and close."""
        if self._socket is None:
            return
        if self._again is not None:
            self._again.cancel()
        asyncio.get_running_loop().remove_reader(self._socket)
        while self._read():
            pass
        self.flush()
        self._socket.close()
        self._socket = None
        if self.address.path:
            with suppress(OSError):
                Path(self.address.path).unlink()

    def flush(self) -> None:
        """Count what has come: many at once, for a few cost nearly as much."""
        pending, self._pending, self._pending_bytes = self._pending, [], 0
        self._count(lines(pending))

    def _opened(self) -> socket.socket:
        if self.address.path:
            opened = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            where: str | tuple[str, int] = self.address.path
            _remove_stale(self.address.path)
        else:
            found = socket.getaddrinfo(
                self.address.host, self.address.port, type=socket.SOCK_DGRAM
            )[0]
            opened = socket.socket(found[0], socket.SOCK_DGRAM)
            where = (str(found[4][0]), self.address.port)
        try:
            opened.setblocking(False)  # noqa: FBT003  # the only way to give it
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
            with suppress(OSError):  # past net.core.rmem_max, where CAP_NET_ADMIN allows it
                opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
            opened.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
            opened.bind(where)
            if self.address.path:
                # nginx' workers are another user; whoever reaches the folder may send, as with UDP.
                Path(self.address.path).chmod(0o666)
        except OSError:
            opened.close()
            raise
        if not self.address.path:
            self.port = opened.getsockname()[1]
        return opened

    def _turn(self) -> None:
        """Read a batch, and pause: one wake-up for many datagrams costs a fraction of the CPU."""
        assert self._socket is not None
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._socket)
        is_more = self._read() == _MOST_AT_ONCE
        self._again = loop.call_later(0 if is_more else _PAUSE, self._listen)

    def _listen(self) -> None:
        assert self._socket is not None
        asyncio.get_running_loop().add_reader(self._socket, self._turn)

    def _read(self) -> int:
        assert self._socket is not None
        receive, buffer = self._socket.recvmsg_into, self._buffer
        space = socket.CMSG_SPACE(4)
        targets = [buffer]
        datagrams: list[bytes] = []
        view = memoryview(buffer)
        lost = b""
        with suppress(BlockingIOError, InterruptedError):
            while len(datagrams) < _MOST_AT_ONCE:
                size, ancillary, _, _ = receive(targets, space)
                datagrams.append(bytes(view[:size]))
                if ancillary:
                    lost = ancillary[0][2]
        if datagrams:
            self.received += len(datagrams)
            self._note_lost(lost)
            self._pending += with_tags(datagrams, self._tags) if self._tags else datagrams
            self._pending_bytes += sum(map(len, datagrams))
            if len(self._pending) >= _MOST_PENDING or self._pending_bytes >= _MOST_PENDING_BYTES:
                self.flush()
        return len(datagrams)

    def _note_lost(self, data: bytes) -> None:
        if len(data) != struct.calcsize("I"):
            return
        (of_socket,) = struct.unpack("I", data)  # since it was opened, as socket(7) says
        if of_socket > self.lost:
            self._log.warning(
                "the kernel dropped datagrams, since the receive buffer was full",
                dropped=of_socket - self.lost,
            )
            self.lost = of_socket


def _remove_stale(path: str) -> None:
    """Remove the socket that an earlier process left behind; anything else stays."""
    with suppress(FileNotFoundError):
        if Path(path).is_socket():
            os.unlink(path)  # noqa: PTH108
