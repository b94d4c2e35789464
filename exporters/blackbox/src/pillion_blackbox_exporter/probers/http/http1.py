"""HTTP/1.1 as an exchange of a probe: one request, one response, then the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.net import Head, Http1
from pillion_blackbox_exporter.probers.http.message import encode_request

if TYPE_CHECKING:
    from pillion.net import Stream
    from pillion_blackbox_exporter.probers.http.message import Request


class Http1Exchange:
    """The exchange of one request."""

    __slots__ = ("_headers", "_http", "_target", "read")

    def __init__(
        self,
        stream: Stream,
        *,
        target: str = "",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Speak over a stream.

        Args:
            stream: connected, TLS done.
            target: the request target, where it is not the path (an absolute URL to a proxy).
            headers: what is sent beside the request's own, to a proxy.
        """
        self._http = Http1(stream)
        self._target = target
        self._headers = headers
        self.read = self._http.read

    async def send(self, request: Request) -> Head:
        """Send a request and return the head of its response.

        Raises:
            NetworkError: the connection broke, or what came is no HTTP.
        """
        target = self._target or request.url.path
        return await self._http.send(encode_request(request, target, self._headers), request.method)

    @property
    def received_at(self) -> float:
        """When the last bytes came."""
        return self._http.received_at

    def close(self) -> None:
        """End the connection."""
        self._http.close()
