"""A socket that is listened at, kept open over a reload: nobody is refused meanwhile."""

from __future__ import annotations

import os
import socket
import stat
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.network.sockets import Sockets

BACKLOG = 128


class Listener:
    """One address.

    Attributes:
        address: as it is named in metrics and the log.
    """

    def __init__(self, address: str, bind: Callable[[], socket.socket], sockets: Sockets) -> None:
        self.address = address
        self._bind = bind
        self._sockets = sockets
        self._socket: socket.socket | None = None

    @classmethod
    def tcp(cls, host: str, port: int, sockets: Sockets, owner: str) -> Listener:
        """Return the listener of a TCP port; port 0 is one that is free, for its owner."""
        named = f"{host or '*'}:{port}" if port else f"{host or '*'}:0 ({owner})"
        return cls(named, lambda: _bind_tcp(host, port), sockets)

    @classmethod
    def unix(cls, path: str, mode: int | None, sockets: Sockets) -> Listener:
        """Return the listener of a unix stream socket."""
        return cls(f"unix:{path}", lambda: _bind_unix(path, mode), sockets)

    def prepare(self) -> None:
        """Bind, unless an input at work has the address, which leaves it to this one.

        Raises:
            ConfigurationError: it cannot be had.
        """
        self._sockets.wanted.add(self.address)
        if self.address not in self._sockets.listening:
            self._open()

    def take(self) -> socket.socket:
        """Return a socket to accept with, which is the caller's to close.

        Raises:
            ConfigurationError: the address cannot be had.
        """
        if self._socket is None:
            self._socket = self._sockets.left.pop(self.address, None)
        return (self._socket or self._open()).dup()

    def leave(self, *, is_last: bool) -> None:
        """Leave the socket to who follows, or close it."""
        if self._socket is None:
            return
        left, self._socket = self._socket, None
        if not is_last:
            self._sockets.left[self.address] = left
            return
        self._sockets.listening.discard(self.address)
        if self.address.startswith("unix:"):
            _unlink(self.address.removeprefix("unix:"))
        left.close()

    def _open(self) -> socket.socket:
        try:
            self._socket = self._bind()
        except OSError as error:
            raise ConfigurationError(
                f"{self.address} cannot be listened at: {error.strerror or error}"
            ) from None
        self._sockets.listening.add(self.address)
        return self._socket


def _bind_tcp(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(BACKLOG)
        made.settimeout(0)
    except BaseException:
        made.close()
        raise
    return made


def _bind_unix(path: str, mode: int | None) -> socket.socket:
    """Bind a path; a socket there that nobody listens at is taken away first."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if _is_left_behind(path):
            os.unlink(path)
        made.bind(path)
        if mode is not None:
            os.chmod(path, mode)
        made.listen(BACKLOG)
        made.settimeout(0)
    except BaseException:
        made.close()
        raise
    return made


def _is_left_behind(path: str) -> bool:
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return False
    except FileNotFoundError:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return True
    return False


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
