"""A connection that only sends: TCP with or without TLS, opened when it is needed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion_log_agent.network.failure import broke_off, cannot_be_reached

if TYPE_CHECKING:
    from pillion_log_agent.network.endpoint import Endpoint


class StreamSender:
    """Sends bytes to one server, which says nothing of what it has taken."""

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        """Take whom to send to, and the seconds that a write may take."""
        self.endpoint = endpoint
        self._timeout = timeout
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, data: bytes) -> None:
        """Return once the system has taken all of it for a connection that is open.

        Raises:
            TransientError: it could not be sent, or not all of it.
        """
        # What the other end has closed in the meantime would swallow a first write.
        if self._reader is not None and self._reader.at_eof():
            await self.close()
        if self._writer is None:
            await self._open()
        writer = self._writer
        assert writer is not None
        try:
            async with asyncio.timeout(self._timeout):
                writer.write(data)
                await writer.drain()
        except TimeoutError:
            await self.close()
            raise TransientError(
                f"{self.endpoint} did not take what was sent within {self._timeout:g} s",
                reason="timeout",
            ) from None
        except OSError as error:
            await self.close()
            raise broke_off(self.endpoint, error) from None

    async def close(self) -> None:
        """Close the connection; the next write opens another."""
        writer, self._writer, self._reader = self._writer, None, None
        if writer is not None:
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await writer.wait_closed()

    async def _open(self) -> None:
        endpoint = self.endpoint
        try:
            async with asyncio.timeout(endpoint.connect_timeout):
                self._reader, self._writer = await asyncio.open_connection(
                    endpoint.host,
                    endpoint.port,
                    ssl=endpoint.tls,
                    server_hostname=(endpoint.server_name or endpoint.host)
                    if endpoint.tls is not None
                    else None,
                )
        except (OSError, TimeoutError) as error:
            raise cannot_be_reached(endpoint, error) from None
        # A low mark: what drain waits for is what the system has not taken yet.
        self._writer.transport.set_write_buffer_limits(0)
