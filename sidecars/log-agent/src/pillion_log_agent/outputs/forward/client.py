"""A connection to one server of the forward protocol."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion_log_agent.forward.framing import Framer, FramingError
from pillion_log_agent.forward.handshake import LIMIT, Helo
from pillion_log_agent.forward.message import decode
from pillion_log_agent.network.failure import broke_off, cannot_be_reached

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from pillion_log_agent.forward.handshake import Client

READ = 64 * 1024
SALT = 16


@dataclass(frozen=True, slots=True)
class Server:
    """Whom to send to.

    Attributes:
        host: name or address; empty for a unix socket.
        port: TCP.
        path: of the unix socket.
        tls: the context, None without TLS.
        server_name: the name that its certificate has to bear, where it is not the host's.
        client: what is proved to it, None where it asks for nothing.
    """

    host: str
    port: int
    path: str | None = None
    tls: ssl.SSLContext | None = None
    server_name: str | None = None
    client: Client | None = None

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class ForwardClient:
    """Sends chunks over a connection that is kept open."""

    def __init__(self, server: Server, connect_seconds: float) -> None:
        self.server = server
        self._connect_seconds = connect_seconds
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._framer = Framer(LIMIT)

    async def send(self, chunks: Sequence[bytes], seconds: float) -> None:
        """Send chunks.

        Raises:
            TransientError: not all may have gone out.
        """
        reader, writer = await self._connected()
        try:
            async with asyncio.timeout(seconds):
                for chunk in chunks:
                    writer.write(chunk)
                    await writer.drain()
                if reader.at_eof():
                    raise ConnectionResetError
        except TimeoutError:
            self.close()
            raise TransientError(
                f"{self.server} took nothing for {seconds:g} s", reason="timeout"
            ) from None
        except OSError as error:
            self.close()
            raise broke_off(str(self.server), error) from None

    async def acknowledged(self) -> str:
        """Return the next chunk id that the server says it has.

        Raises:
            TransientError: the connection has ended, or what comes is no acknowledgement.
        """
        answer = decode(await self._next())
        if not isinstance(answer, dict) or not isinstance(answer.get("ack"), str):
            raise TransientError(f"{self.server} answered what is no ack", reason="protocol")
        found: str = answer["ack"]
        return found

    def close(self) -> None:
        """End the connection; the next chunks go over another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            # A server that was started anew has ended the old connection.
            self.close()
        if self._streams is None:
            self._framer = Framer(LIMIT)
            try:
                async with asyncio.timeout(self._connect_seconds):
                    self._streams = await self._open()
                    if self.server.client is not None:
                        await self._shake_hands(self.server.client)
            except TimeoutError as error:
                self.close()
                raise cannot_be_reached(str(self.server), error) from None
            except OSError as error:
                self.close()
                raise cannot_be_reached(str(self.server), error) from None
            except TransientError:
                self.close()
                raise
        assert self._streams is not None
        return self._streams

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        server = self.server
        if server.path is not None:
            return await asyncio.open_unix_connection(server.path)
        name = (server.server_name or server.host) if server.tls is not None else None
        return await asyncio.open_connection(
            server.host, server.port, ssl=server.tls, server_hostname=name
        )

    async def _shake_hands(self, client: Client) -> None:
        assert self._streams is not None
        try:
            helo = Helo.parse(await self._next())
            salt = os.urandom(SALT).hex().encode()
            self._streams[1].write(client.ping(helo, salt))
            refusal = client.refusal(await self._next(), helo, salt)
        except FramingError as error:
            raise TransientError(
                f"{self.server} sent {error} in the handshake", reason="protocol"
            ) from None
        if refusal:
            raise TransientError(f"{self.server} refused us: {refusal}", reason="auth")

    async def _next(self) -> bytes:
        """Return the next value that the server sends."""
        assert self._streams is not None
        reader = self._streams[0]
        try:
            while (found := self._framer.next()) is None:
                data = await reader.read(READ)
                if not data:
                    raise ConnectionResetError
                self._framer.feed(data)
        except FramingError as error:
            raise TransientError(f"{self.server} answered {error}", reason="protocol") from None
        except OSError as error:
            raise broke_off(str(self.server), error) from None
        return found

    async def wait_closed(self) -> None:
        """End the connection, and wait for it."""
        if self._streams is not None:
            writer = self._streams[1]
            self.close()
            with suppress(OSError):
                await writer.wait_closed()
