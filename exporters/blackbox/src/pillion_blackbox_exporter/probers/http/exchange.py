"""The way to a server for one request: address, proxy, TLS, and the version of HTTP."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from pillion_blackbox_exporter.probers.http.http1 import Http1Exchange
from pillion_blackbox_exporter.probers.http.proxy import proxy_for
from pillion_blackbox_exporter.probers.http.tunnel import Way, open_way
from pillion_blackbox_exporter.probing.steps import connect, connect_by_name, secure

if TYPE_CHECKING:
    from pillion.net import Head
    from pillion_blackbox_exporter.configuration.client import OAuth2, TlsConfig
    from pillion_blackbox_exporter.configuration.http import HttpSection
    from pillion_blackbox_exporter.probers.http.message import Request
    from pillion_blackbox_exporter.probers.http.url import Url
    from pillion_blackbox_exporter.probing.probe import Probe

ALPN_HTTP2 = ("h2", "http/1.1")


class Exchange(Protocol):
    """One request and its response, by some version of HTTP, on a connection of its own."""

    async def send(self, request: Request) -> Head:
        """Send the request and return the head of the response."""
        ...

    async def read(self) -> bytes:
        """Return the next bytes of the content; nothing at its end."""
        ...

    @property
    def received_at(self) -> float:
        """When the last bytes came."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


async def open_exchange(
    probe: Probe,
    request: Request,
    client: HttpSection | OAuth2,
    server_name: str,
    *,
    http2: bool,
    http3: bool = False,
    address: str = "",
) -> Exchange:
    """Connect for a request.

    Args:
        probe: whose phases they are.
        request: what will be sent.
        client: TLS and proxy.
        server_name: whom the certificate must be for.
        http2: whether HTTP/2 is offered.
        http3: whether HTTP/3 is spoken, and nothing else.
        address: the address that the host was resolved to, or nothing to resolve it now.

    Raises:
        ProbeError: there is no way to the server.
    """
    url = request.url
    if http3:
        # 17 MB and 0.1 s, with the first probe over HTTP/3; an extra
        from pillion_blackbox_exporter.probers.http.http3 import open_http3  # noqa: PLC0415

        return await open_http3(probe, url, client.tls_config, server_name, address)
    way = await _way(probe, url, client, address)
    try:
        return await _begin(probe, url, way, client.tls_config, server_name, http2=http2)
    except BaseException:
        way.stream.close()
        raise


async def _way(probe: Probe, url: Url, client: HttpSection | OAuth2, address: str) -> Way:
    if client.proxy_url or client.proxy_from_environment:
        proxy = proxy_for(client, url, os.environ)
        if proxy is not None:
            return await open_way(probe, url, client, proxy, address)
    if address:
        return Way(await connect(probe, url.scheme, url.host, address, url.port))
    return Way(await connect_by_name(probe, url.scheme, url.host, url.port))


async def _begin(
    probe: Probe, url: Url, way: Way, tls_config: TlsConfig, server_name: str, *, http2: bool
) -> Exchange:
    stream = way.stream
    if url.scheme != "https":
        probe.trace.begin("processing", probe.trace.phases[-1].end)
        return Http1Exchange(stream, target=way.target, headers=way.headers)
    protocols = ALPN_HTTP2 if http2 else ()
    await secure(probe, stream, tls_config, server_name, protocols, cipher=True)
    probe.trace.begin("processing", probe.trace.phases[-1].end)
    assert stream.tls is not None
    if stream.tls.selected_alpn_protocol() == "h2":
        # 1.6 MB, when the first server speaks HTTP/2
        from pillion_blackbox_exporter.probers.http.http2 import Http2  # noqa: PLC0415

        return Http2(stream)
    return Http1Exchange(stream)
