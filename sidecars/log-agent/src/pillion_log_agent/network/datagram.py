"""Datagrams to one server, over UDP."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion_log_agent.network.failure import cannot_be_reached

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.network.endpoint import Endpoint

LONGEST = 65_507


class DatagramSender:
    """Sends datagrams; nobody says whether they come."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._socket: socket.socket | None = None

    async def send(self, datagrams: Sequence[bytes]) -> None:
        """Send datagrams, each 65,507 bytes at most.

        Raises:
            TransientError: the system cannot send them; the first ones may have gone.
        """
        if self._socket is None:
            self._socket = await self._open()
        loop = asyncio.get_running_loop()
        try:
            for datagram in datagrams:
                await loop.sock_sendall(self._socket, datagram)
        except OSError as error:
            await self.close()
            raise TransientError(
                f"{_shown(self.endpoint)} cannot be sent to: {error.strerror}", reason="send"
            ) from None

    async def close(self) -> None:
        """Close the socket; the next datagram opens another, with the name looked up again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _open(self) -> socket.socket:
        loop = asyncio.get_running_loop()
        endpoint = self.endpoint
        try:
            found = await loop.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_DGRAM)
            family, kind, protocol, _, address = found[0]
            made = socket.socket(family, kind, protocol)
            made.settimeout(0)
            made.connect(address)
        except OSError as error:
            raise cannot_be_reached(endpoint, error) from None
        return made


def _shown(endpoint: Endpoint) -> str:
    return str(endpoint).replace("http://", "udp://")
