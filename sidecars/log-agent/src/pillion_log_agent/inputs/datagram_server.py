"""A server that takes datagrams, over UDP or a unix socket; what finds no room the kernel drops."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.inputs.input import InputContext
    from pillion_log_agent.inputs.outstanding import Outstanding

    Take = Callable[[list[bytes], str], None]

MOST_AT_A_TIME = 256
LONGEST = 65_536


class DatagramServer:
    """Serves one address."""

    def __init__(
        self,
        address: tuple[str, int] | str,
        context: InputContext,
        outstanding: Outstanding,
        *,
        mode: int | None = None,
        buffer: int = 0,
    ) -> None:
        """Take where to listen.

        Args:
            address: host and port, or the path of a unix socket.
            context: of the input.
            outstanding: says whether there is room.
            mode: the permissions of the unix socket.
            buffer: what the kernel keeps of datagrams that are not read yet; 0 is its default.
        """
        is_path = isinstance(address, str)
        shown = f"unix:{address}" if is_path else f"{address[0] or '*'}:{address[1]}/udp"
        context.claim(f"listen: {shown}")
        self._shown = shown
        self._address = address
        self._context = context
        self._outstanding = outstanding
        self._mode = mode
        self._buffer = buffer
        self._socket: socket.socket | None = None

    async def serve(self, take: Take, stopping: asyncio.Event) -> None:
        """Take datagrams until told to stop.

        Raises:
            ConfigurationError: the address cannot be had.
        """
        made = self._socket = self._open()
        loop = asyncio.get_running_loop()
        bound = made.getsockname()
        port = bound[1] if isinstance(bound, tuple) else 0
        self._context.log.info("taking records", address=self._shown, port=port)
        readable = asyncio.Event()
        stopped = asyncio.ensure_future(stopping.wait())
        try:
            while not stopping.is_set():
                await self._outstanding.wait_for_room()
                readable.clear()
                loop.add_reader(made, readable.set)
                waiting = asyncio.ensure_future(readable.wait())
                await asyncio.wait((waiting, stopped), return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                loop.remove_reader(made)
                self._receive(made, take)
        finally:
            stopped.cancel()
            loop.remove_reader(made)

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            if isinstance(self._address, str):
                with suppress(OSError):
                    os.unlink(self._address)

    @staticmethod
    def _receive(made: socket.socket, take: Take) -> None:
        found: dict[str, list[bytes]] = {}
        for _ in range(MOST_AT_A_TIME):
            try:
                data, sender = made.recvfrom(LONGEST)
            except OSError:
                break  # there is none left, or one was about an earlier error
            if data:
                peer = str(sender[0]) if isinstance(sender, tuple) else ""
                found.setdefault(peer, []).append(data)
        for peer, datagrams in found.items():
            take(datagrams, peer)

    def _open(self) -> socket.socket:
        try:
            return self._bound()
        except OSError as error:
            raise ConfigurationError(
                f"{self._shown} cannot be listened at: {error.strerror or error}"
            ) from None

    def _bound(self) -> socket.socket:
        if isinstance(self._address, str):
            with suppress(FileNotFoundError):
                os.unlink(self._address)
            made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            place: tuple[str, int] | str = self._address
        else:
            host, port = self._address
            found = socket.getaddrinfo(
                host or None, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
            )
            made = socket.socket(*found[0][:3])
            place = found[0][4]  # type: ignore[assignment]  # an address of either family
        try:
            if self._buffer:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._buffer)
            made.settimeout(0)
            made.bind(place)
            if isinstance(place, str) and self._mode is not None:
                os.chmod(place, self._mode)
        except BaseException:
            made.close()
            raise
        return made
