"""The way to a server for one request: address, proxy, TLS, and the version of HTTP."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from pillion.net import Http1
from pillion_blackbox_exporter.failure import PROBE_ERRORS, ProbeError
from pillion_blackbox_exporter.probers.http.credentials import basic
from pillion_blackbox_exporter.probers.http.http1 import Http1Exchange
from pillion_blackbox_exporter.probers.http.message import Request, encode_request
from pillion_blackbox_exporter.probers.http.proxy import proxy_for
from pillion_blackbox_exporter.probers.http.url import Url, without_user
from pillion_blackbox_exporter.probing.steps import connect, connect_by_name, secure

if TYPE_CHECKING:
    from pillion.net import Head, Stream
    from pillion_blackbox_exporter.configuration.client import OAuth2, TlsConfig
    from pillion_blackbox_exporter.configuration.http import HttpSection
    from pillion_blackbox_exporter.probing.probe import Probe

ALPN_HTTP2 = ("h2", "http/1.1")
_OK, _REDIRECTS = 200, 300


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
        return Http1Exchange(stream, target=target)
    protocols = ALPN_HTTP2 if http2 else ()
    await secure(probe, stream, tls_config, server_name, protocols, cipher=True)
    probe.trace.begin("processing", probe.trace.phases[-1].end)
    assert stream.tls is not None
    if stream.tls.selected_alpn_protocol() == "h2":
        # 1.6 MB, when the first server speaks HTTP/2
        from pillion_blackbox_exporter.probers.http.http2 import Http2  # noqa: PLC0415

        return Http2(stream)
    return Http1Exchange(stream)


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
    except PROBE_ERRORS as error:
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
        http = Http1(stream)
        head = await http.send(encode_request(connect, authority), "CONNECT")
        stream.unread(http.upgraded)
    except BaseException:
        stream.close()
        raise
    if not _OK <= head.status < _REDIRECTS:
        stream.close()
        raise ProbeError("proxy", f"the proxy refused to connect: status {head.status}")
    return stream
