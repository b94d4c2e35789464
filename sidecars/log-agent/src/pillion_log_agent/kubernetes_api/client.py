"""Asks the API server over HTTP: whole answers, and lines as they come."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion_log_agent.network.failure import broke_off, cannot_be_reached

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    import httpx

    from pillion_log_agent.network.endpoint import Endpoint

OK = 200


class ApiClient:
    """Asks one server, over connections that are kept for a while."""

    def __init__(self, endpoint: Endpoint, server_name: str | None = None) -> None:
        """Take the server, and the name that its certificate has to bear where it is another."""
        self.endpoint = endpoint
        self._extensions = {} if server_name is None else {"sni_hostname": server_name}
        self._client: httpx.AsyncClient | None = None

    async def get(
        self,
        target: str,
        headers: Mapping[str, str],
        *,
        timeout: float,  # noqa: ASYNC109  # it becomes a TransientError
        limit: int,
    ) -> tuple[int, bytes]:
        """Return the status and the body of an answer, whole.

        A connection that was kept may have been closed in the meantime: what breaks off is asked
        once more.

        Raises:
            TransientError: the server cannot be asked, or answers too much or no HTTP.
        """
        try:
            async with asyncio.timeout(timeout):
                try:
                    return await self._get(target, headers, limit)
                except TransientError as error:
                    if error.reason != "reset":
                        raise
                    return await self._get(target, headers, limit)
        except TimeoutError:
            raise TransientError(
                f"{self.endpoint} did not answer within {timeout:g} s", reason="timeout"
            ) from None

    async def lines(
        self, target: str, headers: Mapping[str, str], *, silence: float, limit: int
    ) -> AsyncGenerator[bytes, None]:
        """Yield the lines of an answer as they come, until it ends.

        Args:
            target: what to GET.
            headers: of the request.
            silence: the most seconds without a byte.
            limit: the most bytes of one line.

        Raises:
            TransientError: the answer broke off, or is no 200 (the reason is its status).
        """
        async with self._stream(target, headers, silence) as response:
            if response.status_code != OK:
                raise TransientError(
                    f"{self.endpoint} answered {response.status_code}",
                    reason=str(response.status_code),
                )
            rest = bytearray()
            async for piece in response.aiter_raw():
                *whole, end = piece.split(b"\n")
                for line in whole:
                    yield bytes(rest + line)
                    rest.clear()
                rest += end
                if len(rest) > limit:
                    return

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _get(self, target: str, headers: Mapping[str, str], limit: int) -> tuple[int, bytes]:
        body = bytearray()
        async with self._stream(target, headers, None) as response:
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > limit:
                    raise TransientError(
                        f"{self.endpoint} answered more than {limit} bytes", reason="too_large"
                    )
        return response.status_code, bytes(body)

    @asynccontextmanager
    async def _stream(
        self, target: str, headers: Mapping[str, str], silence: float | None
    ) -> AsyncIterator[httpx.Response]:
        import httpx  # 4 MB, and not where nobody asks the API server  # noqa: PLC0415

        if self._client is None:
            # A context is always given: httpx's own would load certifi's bundle, 38 MB.
            context = self.endpoint.tls or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._client = httpx.AsyncClient(verify=context, trust_env=False)
        timeout = httpx.Timeout(None, connect=self.endpoint.connect_timeout, read=silence)
        try:
            async with self._client.stream(
                "GET",
                f"{self.endpoint}{target}",
                headers={"Accept-Encoding": "identity", **headers},
                timeout=timeout,
                extensions=self._extensions,
            ) as response:
                yield response
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise cannot_be_reached(self.endpoint, error) from None
        except httpx.ReadTimeout:
            raise TransientError(
                f"{self.endpoint} was silent for {silence:g} s", reason="timeout"
            ) from None
        except httpx.TransportError as error:
            raise broke_off(self.endpoint, error) from None
