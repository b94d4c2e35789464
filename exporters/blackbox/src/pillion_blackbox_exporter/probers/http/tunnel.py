"""The way through a proxy: CONNECT (RFC 9110, 9.3.6), over TLS where it is https, or SOCKS5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.net import Http1, NetworkError
from pillion_blackbox_exporter.failure import PROBE_ERRORS, ProbeError
from pillion_blackbox_exporter.probers.http.basic import basic
from pillion_blackbox_exporter.probers.http.message import Request, encode_request
from pillion_blackbox_exporter.probers.http.socks5 import connect_through
from pillion_blackbox_exporter.probers.http.url import without_user
from pillion_blackbox_exporter.probing.steps import connect_by_name

if TYPE_CHECKING:
    from pillion.net import Stream
    from pillion_blackbox_exporter.configuration.client import OAuth2, TlsConfig
    from pillion_blackbox_exporter.configuration.http import HttpSection
    from pillion_blackbox_exporter.probers.http.url import Url
    from pillion_blackbox_exporter.probing.probe import Probe

_GOOD = range(200, 300)


@dataclass(frozen=True, slots=True)
class Way:
    """How a request gets to its server.

    Attributes:
        stream: what it is written to.
        target: what is asked for in place of the path: the whole URL, of a proxy.
        headers: what the proxy must be told beside.
    """

    stream: Stream
    target: str = ""
    headers: tuple[tuple[str, str], ...] = ()


async def open_way(
    probe: Probe, url: Url, client: HttpSection | OAuth2, proxy: Url, address: str
) -> Way:
    """Connect to a proxy and, but for plain HTTP, have it connect to the server.

    Raises:
        ProbeError: there is no way through it, or the guard refuses the server.
    """
    host = address or url.host
    if address:
        probe.network.check_address(url.scheme, url.host, address, url.port)
    else:
        probe.network.check_host(url.scheme, url.host, url.port, is_final=True)
    try:
        stream = await connect_by_name(probe, "proxy", proxy.host, proxy.port)
    except PROBE_ERRORS as error:
        raise ProbeError("proxy", f"the proxy is out of reach: {error}") from None
    try:
        if proxy.scheme == "socks5":
            await connect_through(stream, host, url.port, proxy.user, proxy.password)
            return Way(stream)
        if proxy.scheme == "https":
            await _secure(probe, stream, client.tls_config, proxy.host)
        credentials = _credentials(proxy)
        if url.scheme != "https":
            return Way(stream, str(without_user(url)), credentials)
        await _ask_to_connect(stream, url, host, client, credentials)
        return Way(_within(probe, stream) if stream.tls is not None else stream)
    except NetworkError as error:
        stream.close()
        raise ProbeError("proxy", f"the proxy: {error}") from None
    except BaseException:
        stream.close()
        raise


async def _secure(probe: Probe, stream: Stream, config: TlsConfig, host: str) -> None:
    """Begin TLS with the proxy, as part of connecting; its certificate is not reported."""
    from pillion_blackbox_exporter.network.tls import handshake  # noqa: PLC0415  # when used

    context = await probe.network.contexts.get(config)
    probe.trace.begin("connect")
    came = await handshake(stream, context, host)
    probe.trace.end(came.ended)
    if came.failure is not None:
        raise ProbeError("proxy", f"TLS with the proxy: {came.failure}")


async def _ask_to_connect(
    stream: Stream,
    url: Url,
    host: str,
    client: HttpSection | OAuth2,
    credentials: tuple[tuple[str, str], ...],
) -> None:
    authority = f"[{host}]:{url.port}" if ":" in host else f"{host}:{url.port}"
    request = Request("CONNECT", url, authority)
    for name, value in credentials:
        request.headers[name] = [value]
    for name, values in client.proxy_connect_header.items():
        request.headers[name] = [value.reveal() for value in values]
    http = Http1(stream)
    head = await http.send(encode_request(request, authority), "CONNECT")
    if head.status not in _GOOD:
        raise ProbeError("proxy", f"the proxy refused to connect: status {head.status}")
    stream.unread(http.upgraded)


def _within(probe: Probe, stream: Stream) -> Stream:
    from pillion_blackbox_exporter.network.bridge import BridgedStream  # noqa: PLC0415  # rare

    return BridgedStream(stream, probe.network.clock)


def _credentials(proxy: Url) -> tuple[tuple[str, str], ...]:
    if not proxy.has_user:
        return ()
    return (("Proxy-Authorization", basic(proxy.user, proxy.password)),)
