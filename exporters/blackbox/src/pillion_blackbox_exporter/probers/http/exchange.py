"""The way to a server for one request: address, proxy, TLS, and the version of HTTP."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.probers.http.credentials import basic
from pillion_blackbox_exporter.probers.http.http1 import Http1
from pillion_blackbox_exporter.probers.http.message import Request
from pillion_blackbox_exporter.probers.http.proxy import proxy_for
from pillion_blackbox_exporter.probers.http.url import Url, without_user
from pillion_blackbox_exporter.probing.steps import connect, connect_by_name, secure

if TYPE_CHECKING:
    from pillion_blackbox_exporter.configuration.client import OAuth2, TlsConfig
    from pillion_blackbox_exporter.configuration.http import HttpSection
    from pillion_blackbox_exporter.network.stream import Stream
    from pillion_blackbox_exporter.probers.http.message import Head
    from pillion_blackbox_exporter.probing.probe import Probe

ALPN_HTTP2 = ("h2", "http/1.1")
_OK, _REDIRECTS = 200, 300


class Wire(Protocol):
    """One version of HTTP on one connection."""

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


class Exchange:
    """One request and its response.

    Attributes:
        is_tls: whether it goes over TLS.
    """

    __slots__ = ("_stream", "_wire", "is_tls", "read", "send")

    def __init__(self, stream: Stream, wire: Wire, *, is_tls: bool) -> None:
        self._stream = stream
        self._wire = wire
        self.is_tls = is_tls
        self.send = wire.send
        self.read = wire.read

    @property
    def received_at(self) -> float:
        """When the last bytes came."""
        return self._wire.received_at

    def close(self) -> None:
        """End the connection."""
        self._stream.close()


async def open_exchange(
    probe: Probe,
    request: Request,
    client: HttpSection | OAuth2,
    server_name: str,
    *,
    http2: bool,
    address: str = "",
) -> Exchange:
    """Connect for a request.

    Args:
        probe: whose phases they are.
        request: what will be sent.
        client: TLS and proxy.
        server_name: whom the certificate must be for.
        http2: whether HTTP/2 is offered.
        address: the address that the host was resolved to, or nothing to resolve it now.

    Raises:
        ProbeError: there is no way to the server.
    """
    url = request.url
    proxy = None
    if client.proxy_url or client.proxy_from_environment:
        proxy = proxy_for(client, url, os.environ)
    if proxy is not None:
        stream = await _through(probe, request, client, proxy, address)
    elif address:
        stream = await connect(probe, url.scheme, url.host, address, url.port)
    else:
        stream = await connect_by_name(probe, url.scheme, url.host, url.port)
    try:
        return await _begin(
            probe, request, stream, client.tls_config, server_name, proxy=proxy, http2=http2
        )
    except BaseException:
        stream.close()
        raise


async def _begin(
    probe: Probe,
    request: Request,
    stream: Stream,
    tls_config: TlsConfig,
    server_name: str,
    *,
    proxy: Url | None,
    http2: bool,
) -> Exchange:
    if request.url.scheme != "https":
        target = str(without_user(request.url)) if proxy is not None else ""
        probe.trace.begin("processing", probe.trace.phases[-1].end)
        return Exchange(stream, Http1(stream, target=target), is_tls=False)
    protocols = ALPN_HTTP2 if http2 else ()
    await secure(probe, stream, tls_config, server_name, protocols, cipher=True)
    probe.trace.begin("processing", probe.trace.phases[-1].end)
    assert stream.tls is not None
    if stream.tls.selected_alpn_protocol() == "h2":
        # 1.6 MB, when the first server speaks HTTP/2
        from pillion_blackbox_exporter.probers.http.http2 import Http2  # noqa: PLC0415

        return Exchange(stream, Http2(stream), is_tls=True)
    return Exchange(stream, Http1(stream), is_tls=True)


async def _through(
    probe: Probe, request: Request, client: HttpSection | OAuth2, proxy: Url, address: str
) -> Stream:
    """Connect to a proxy and, for https, have it connect to the server (RFC 9110, 9.3.6)."""
    url, host = request.url, address or request.url.host
    if address:
        probe.network.check_address(url.scheme, url.host, address, url.port)
    else:
        probe.network.check_host(url.scheme, url.host, url.port, is_final=True)
    try:
        stream = await connect_by_name(probe, "proxy", proxy.host, proxy.port)
    except ProbeError as error:
        if error.reason == "denied":
            raise
        raise ProbeError("proxy", f"the proxy is out of reach: {error}") from None
    if url.scheme != "https":
        if proxy.has_user:
            request.headers["Proxy-Authorization"] = [basic(proxy.user, proxy.password)]
        return stream
    authority = f"[{host}]:{url.port}" if ":" in host else f"{host}:{url.port}"
    connect = Request("CONNECT", url, authority)
    if proxy.has_user:
        connect.headers["Proxy-Authorization"] = [basic(proxy.user, proxy.password)]
    for name, values in client.proxy_connect_header.items():
        connect.headers[name] = [value.reveal() for value in values]
    try:
        head = await Http1(stream, target=authority).send(connect)
    except BaseException:
        stream.close()
        raise
    if not _OK <= head.status < _REDIRECTS:
        stream.close()
        raise ProbeError("proxy", f"the proxy refused to connect: status {head.status}")
    return stream
