"""Connecting a socket, with the moment at which it was connected."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SocketAddress = tuple[Any, ...] | str


async def connect(
    family: int,
    address: SocketAddress,
    source: str = "",
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[socket.socket, float]:
    """Return a connected, non-blocking stream socket and when it was connected.

    Args:
        family: AF_INET, AF_INET6 or AF_UNIX.
        address: as the socket module takes it, without names.
        source: the IP address to connect from, or nothing.
        clock: what the moment is taken from.

    Raises:
        OSError: it could not be connected.
    """
    stream = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        if family != socket.AF_UNIX:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source:
            stream.bind((source, 0))
        moment = await _connected(stream, address, clock)
    except BaseException:
        stream.close()
        raise
    return stream, moment


async def _connected(
    stream: socket.socket, address: SocketAddress, clock: Callable[[], float]
) -> float:
    error = stream.connect_ex(address)
    if error == errno.EINPROGRESS:
        # Who is on the same machine, or in the same pod, has answered by now (connect(2)).
        error = stream.connect_ex(address)
    if error == 0:
        return clock()
    if error not in (errno.EINPROGRESS, errno.EALREADY, errno.EINTR):
        raise OSError(error, os.strerror(error))
    loop = asyncio.get_running_loop()
    connected: asyncio.Future[float] = loop.create_future()

    def on_writable() -> None:
        moment = clock()
        if connected.done():
            return
        error = stream.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            connected.set_exception(OSError(error, os.strerror(error)))
        else:
            connected.set_result(moment)

    descriptor = stream.fileno()  # asyncio formats a socket in full at each use
    loop.add_writer(descriptor, on_writable)
    try:
        return await connected
    finally:
        loop.remove_writer(descriptor)
