"""Datagrams to and from one address, with the moment at which the kernel took each.

The kernel's own moment is asked for, so that a round trip does not grow when the event loop
has other probes to serve.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion.net import connection_error, socket_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_blackbox_exporter.network.network import Network

SO_TIMESTAMPNS = 35  # Linux; the socket module has no name for it
_TIMESPEC = struct.Struct("@ll")
_ANCILLARY_SIZE = 256
_DISCARD = 9


@dataclass(frozen=True, slots=True)
class Datagram:
    """What came.

    Attributes:
        data: its bytes; of a raw IPv4 socket with the IP header.
        is_cut: whether there were more than were asked for.
        source: the IP address that it came from.
        moment: when the kernel took it, by the clock.
        ancillary: level, type and bytes of what else the kernel said.
    """

    data: bytes
    is_cut: bool
    source: str
    moment: float
    ancillary: tuple[tuple[int, int, bytes], ...]


class Datagrams:
    """A connected, non-blocking datagram socket.

    Attributes:
        socket: the socket itself.
    """

    __slots__ = ("_clock", "_loop", "_sent", "_wall", "socket")

    def __init__(
        self,
        connected: socket.socket,
        clock: Callable[[], float] = time.perf_counter,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.socket = connected
        self._clock = clock
        self._wall = wall
        self._sent = 0.0
        self._loop = asyncio.get_running_loop()
        connected.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

    def send(self, data: bytes) -> None:
        """Send a datagram.

        Raises:
            ProbeError: the system refuses to, or knows the address as unreachable.
        """
        self._sent = self._clock()
        try:
            self.socket.send(data)
        except OSError as error:
            raise connection_error(error, "sending") from None

    async def receive(self, size: int) -> Datagram:
        """Return the next datagram, at most `size` bytes of it.

        The event loop has its turn before each, so that a flood does not hold up others.

        Raises:
            OSError: the system was told that nothing will come.
        """
        readable: asyncio.Future[None] = self._loop.create_future()

        def on_readable() -> None:
            if not readable.done():
                readable.set_result(None)

        descriptor = self.socket.fileno()  # asyncio formats a socket in full at each use
        while True:
            self._loop.add_reader(descriptor, on_readable)
            try:
                await readable
            finally:
                self._loop.remove_reader(descriptor)
            try:
                data, ancillary, flags, source = self.socket.recvmsg(size, _ANCILLARY_SIZE)
            except (BlockingIOError, InterruptedError):
                readable = self._loop.create_future()
                continue
            return Datagram(
                data,
                bool(flags & socket.MSG_TRUNC),
                str(source[0]).partition("%")[0],
                self._moment(ancillary),
                tuple(ancillary),
            )

    def close(self) -> None:
        """End it; never fails."""
        self.socket.close()

    def _moment(self, ancillary: list[tuple[int, int, bytes]]) -> float:
        """Return the kernel's moment on our clock, after the last sending; now if it gave none."""
        now = self._clock()
        for level, kind, data in ancillary:
            is_time = level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS
            if is_time and len(data) == _TIMESPEC.size:
                seconds, nanoseconds = _TIMESPEC.unpack(data)
                age: float = self._wall() - (seconds + nanoseconds / 1e9)
                return max(self._sent, now - max(0.0, age))
        return now


def connect_datagrams(
    network: Network,
    scheme: str,
    host: str,
    address: str,
    port: int,
    *,
    kind: int = socket.SOCK_DGRAM,
    protocols: tuple[int, int] = (0, 0),
    source: str = "",
) -> Datagrams:
    """Return a socket for datagrams to an IP address that the guard lets pass.

    Args:
        network: whose guard and clock they are.
        scheme: `dns`, `icmp`; the guard may judge by it.
        host: the target's name or address.
        address: its IP address; a zone may follow it.
        port: the port; 0 where there are none.
        kind: SOCK_DGRAM or SOCK_RAW.
        protocols: the socket's protocol for IPv4 and for IPv6.
        source: the IP address to send from, or nothing.

    Raises:
        OSError: the system refuses the socket, or knows no way to the address.
        ProbeError: the guard refuses the address.
    """
    network.check_address(scheme, host, address, port)
    family, where = socket_address(address, port)
    protocol = protocols[family == socket.AF_INET6]
    connected = socket.socket(family, kind | socket.SOCK_NONBLOCK, protocol)
    try:
        if source:
            connected.bind((source, 0))
        connected.connect(where)  # sends nothing, and tells where it would go
        network.check_address(scheme, host, _peer(connected, where), port)
        return Datagrams(connected, network.clock)
    except BaseException:
        connected.close()
        raise


def _peer(connected: socket.socket, where: tuple[Any, ...]) -> str:
    """Return the address that a connected socket sends to."""
    if where[1]:
        return str(connected.getpeername()[0])
    # The kernel names no peer without a port; it takes the same way to any other port.
    with socket.socket(connected.family, socket.SOCK_DGRAM) as other:
        other.connect((where[0], _DISCARD, *where[2:]))
        return str(other.getpeername()[0])
