"""HTTP for outputs: large requests to one server over a connection that is kept alive.

aiohttp's client does the work. It costs 20 ms of CPU in a million lines more than the least that
would do, and is loaded with the web server anyway.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from pillion.errors import ConfigurationError, TransientError
from pillion_log_agent.network.failure import broke_off, cannot_be_reached

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from types import SimpleNamespace

    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

    from pillion_log_agent.network.endpoint import Endpoint

ANSWER_LIMIT = 64 * 1024 * 1024
SLICE = 128 * 1024
"""How much is written at a time; what came meanwhile of an answer is looked at between."""
KEEPALIVE = 30.0
_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_WRONG = re.compile(r"[\r\n\0]")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whole.

    Attributes:
        status: the code of RFC 9110.
        headers: by name in whatever case.
        body: the bytes, without their chunks.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """Asks one server.

    Raises, when it is made:
        ConfigurationError: a header would break out of its line.
    """

    def __init__(self, endpoint: Endpoint, headers: Mapping[str, str]) -> None:
        """Take whom to ask, and the headers that each request has."""
        for name, value in headers.items():
            if _WRONG.search(value):
                raise ConfigurationError(f"the header {name} has a line break or a NUL byte in it")
        self.endpoint = endpoint
        self._headers = headers
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        target: str,
        body: Sequence[bytes] = (),
        *,
        timeout: float,  # noqa: ASYNC109  # it becomes a TransientError
        limit: int = ANSWER_LIMIT,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request, its body in parts, and return the answer, whole.

        A connection that was kept alive may have been closed at the other end in the meantime:
        the request goes out again, once, over a new one.

        Args:
            method: as it is written.
            target: path and query, escaped.
            body: parts that are sent one after the other.
            timeout: seconds until the answer is whole.
            limit: the most bytes of its body.
            headers: those of this request alone.

        Raises:
            TransientError: it could not be sent, or the answer did not come, or not whole.
        """
        try:
            async with asyncio.timeout(timeout):
                try:
                    return await self._ask(method, target, body, limit, headers)
                except _StaleError:
                    return await self._ask(method, target, body, limit, headers)
        except TimeoutError:
            raise TransientError(
                f"{self.endpoint} did not answer within {timeout:g} s", reason="timeout"
            ) from None

    async def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask(
        self,
        method: str,
        target: str,
        body: Sequence[bytes],
        limit: int,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        try:
            async with await self._send(method, target, body, headers) as response:
                found = await self._read(response, limit)
                return Answer(response.status, response.headers, bytes(found))
        except aiohttp.ClientConnectorError as error:
            raise cannot_be_reached(self.endpoint, error) from None
        except aiohttp.ConnectionTimeoutError as error:
            raise cannot_be_reached(self.endpoint, error) from None
        except aiohttp.ClientResponseError as error:
            words = error.message.partition("\n")[0].rstrip(":")
            raise TransientError(
                f"{self.endpoint} answered what is no HTTP: {words}", reason="protocol"
            ) from None
        except aiohttp.ClientError as error:
            raise broke_off(self.endpoint, error) from None

    async def _send(
        self,
        method: str,
        target: str,
        body: Sequence[bytes],
        headers: Mapping[str, str] | None,
    ) -> aiohttp.ClientResponse:
        """Return an answer whose head has come."""
        session = self._session = self._session or _session(self.endpoint)
        reused: list[bool] = []
        try:
            return await session.request(
                method,
                URL(f"{self.endpoint}{target}", encoded=True),
                data=_slices(body) if body else None,
                headers={
                    **self._headers,
                    **(headers or {}),
                    "Content-Length": str(sum(map(len, body))),
                },
                allow_redirects=False,
                server_hostname=self.endpoint.server_name,
                trace_request_ctx=reused,
            )
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            # What has come of a head stands in the place of the message.
            is_partial = not isinstance(getattr(error, "message", ""), str)
            if not reused or is_partial:
                raise
            raise _StaleError(str(broke_off(self.endpoint, error)), reason="reset") from None

    async def _read(self, response: aiohttp.ClientResponse, limit: int) -> bytearray:
        """Return the body; its pieces are joined as they come, however small they are."""
        found = bytearray()
        async for piece in response.content.iter_any():
            found += piece
            if len(found) > limit:
                raise TransientError(
                    f"{self.endpoint} answered more than {limit} bytes", reason="too_large"
                )
        return found


class _StaleError(TransientError):
    """A connection that was kept alive ended before anything of an answer came."""


class _Connector(aiohttp.TCPConnector):
    """Gives no connection on which something has come that nobody asked for.

    aiohttp would take it for the answer to the next request: a batch would count as taken.
    """

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> Connection:
        """Return a connection from the pool or a new one."""
        while True:
            connection = await super().connect(req, traces, timeout)
            if connection.protocol is None or not connection.protocol.should_close:
                return connection
            connection.close()


def _session(endpoint: Endpoint) -> aiohttp.ClientSession:
    trace = aiohttp.TraceConfig()
    trace.on_connection_reuseconn.append(_note_reuse)
    connector = _Connector(
        ssl=endpoint.tls or True,
        keepalive_timeout=KEEPALIVE,
        resolver=aiohttp.ThreadedResolver(),
        use_dns_cache=False,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=_AUTOMATIC,
        timeout=aiohttp.ClientTimeout(total=None, connect=endpoint.connect_timeout),
        trace_configs=[trace],
    )


async def _note_reuse(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _parameters: object
) -> None:
    context.trace_request_ctx.append(True)


async def _slices(body: Sequence[bytes]) -> AsyncIterator[memoryview]:
    for part in body:
        view = memoryview(part)
        for start in range(0, len(view), SLICE):
            yield view[start : start + SLICE]
