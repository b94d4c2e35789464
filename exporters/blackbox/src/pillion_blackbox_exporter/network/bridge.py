"""A stream within a stream: what is written to it goes through another one, such as TLS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

from pillion.net import NetworkError, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

_READ_SIZE = 65_536


class BridgedStream(Stream):
    """A stream whose bytes go through another one; closing it closes both.

    The two are joined by a socket pair, so that TLS can be spoken within TLS; a moment is
    that at which the bytes had come through both.
    """

    __slots__ = ("_pumps", "_through")

    def __init__(self, through: Stream, clock: Callable[[], float]) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)  # noqa: FBT003  # as socket has it
        theirs.setblocking(False)  # noqa: FBT003
        super().__init__(ours, clock)
        self._through = through
        self._pumps = asyncio.gather(
            _outwards(theirs, through), _inwards(through, theirs), return_exceptions=True
        )
        self._pumps.add_done_callback(lambda _: theirs.close())

    def close(self) -> None:
        """End both connections."""
        super().close()
        self._through.close()
        self._pumps.cancel()


async def _outwards(source: socket.socket, through: Stream) -> None:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NetworkError, OSError):
        while data := await loop.sock_recv(source, _READ_SIZE):
            through.write(data)
            await through.drain()


async def _inwards(through: Stream, sink: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NetworkError, OSError):
        while data := await through.receive():
            await loop.sock_sendall(sink, data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
