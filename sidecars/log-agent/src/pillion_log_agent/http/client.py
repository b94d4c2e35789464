"""The client: requests one after the other over a connection that is kept alive."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion_log_agent.http.connection import Connection, StaleError, is_of_tls, words
from pillion_log_agent.http.message import request_head

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Mapping, Sequence

    from pillion_log_agent.http.message import Answer

ANSWER_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Whom to talk to.

    Attributes:
        host: name or address.
        port: TCP.
        tls: the context for https, None for http.
        server_name: the name that its certificate has to bear, where it is not the host's.
        connect_timeout: seconds, with the TLS handshake.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    server_name: str | None = None
    connect_timeout: float = 10.0

    def __str__(self) -> str:
        scheme = "https" if self.tls is not None else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"


class Client:
    """Asks one endpoint, one request at a time."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._connection: Connection | None = None

    async def request(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Sequence[bytes] = (),
        *,
        timeout: float,  # noqa: ASYNC109  # it becomes a TransientError
        limit: int = ANSWER_LIMIT,
    ) -> Answer:
        """Send a request, its body in parts, and return the answer, whole.

        A connection that was kept alive may have been closed at the other end in the meantime:
        the request goes out again, once, over a new one.

        Raises:
            TransientError: it could not be sent, or the answer did not come, or not whole.
        """
        head = request_head(method, target, headers, sum(map(len, body)))
        is_reused = self._connection is not None and not self._connection.is_closed
        try:
            async with asyncio.timeout(timeout):
                try:
                    connection = await self._send(head, body, limit)
                    answer = await connection.answer()
                except StaleError:
                    self.close()
                    if not is_reused:
                        raise
                    connection = await self._send(head, body, limit)
                    answer = await connection.answer()
        except TimeoutError:
            self.close()
            raise TransientError(
                f"{self.endpoint} did not answer within {timeout:g} s", reason="timeout"
            ) from None
        except (TransientError, asyncio.CancelledError):
            self.close()
            raise
        if not connection.is_reusable:
            self.close()
        return answer

    async def lines(
        self,
        target: str,
        headers: Mapping[str, str],
        *,
        silence: float,
        limit: int,
    ) -> AsyncIterator[bytes]:
        """Yield the lines of an answer as they come, until it ends.

        Args:
            target: what to GET.
            headers: of the request.
            silence: the most seconds without a byte.
            limit: the most bytes of one line.

        Raises:
            TransientError: the answer broke off, or is no 200 (the reason is its status).
        """
        connection = await self._send(request_head("GET", target, headers, 0), (), limit)
        rest = b""
        try:
            while True:
                try:
                    async with asyncio.timeout(silence):
                        piece = await connection.piece()
                except TimeoutError:
                    raise TransientError(
                        f"{self.endpoint} was silent for {silence:g} s", reason="timeout"
                    ) from None
                if connection.status != 200:  # noqa: PLR2004
                    answer = await connection.answer()
                    raise TransientError(
                        f"{self.endpoint} answered {answer.status}", reason=str(answer.status)
                    )
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    yield line
                if not piece or len(rest) > limit:
                    return
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.abort()
            self._connection = None

    async def _send(self, head: bytes, body: Sequence[bytes], limit: int) -> Connection:
        connection = self._connection
        if connection is None or connection.is_closed:
            connection = self._connection = await self._connect()
        await connection.send(head, body, limit)
        return connection

    async def _connect(self) -> Connection:
        endpoint = self.endpoint
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(endpoint.connect_timeout):
                _, connection = await loop.create_connection(
                    lambda: Connection(str(endpoint)),
                    endpoint.host,
                    endpoint.port,
                    ssl=endpoint.tls,
                    server_hostname=(endpoint.server_name or endpoint.host)
                    if endpoint.tls is not None
                    else None,
                )
        except TimeoutError:
            raise TransientError(
                f"{endpoint} cannot be reached: timeout", reason="timeout"
            ) from None
        except OSError as error:
            raise TransientError(
                f"{endpoint} cannot be reached: {words(error)}", reason=_reason(error)
            ) from None
        return connection


def _reason(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, socket.gaierror):
        return "dns"
    return "tls" if is_of_tls(error) else "connect"
