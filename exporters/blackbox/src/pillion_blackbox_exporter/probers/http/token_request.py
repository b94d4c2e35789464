"""One request to a token server. httpx asks: it comes once in a token's life."""

from __future__ import annotations

import contextlib
import os
import ssl
from typing import TYPE_CHECKING, Any

import msgspec

from pillion.net.causes import explained
from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.probers.http.proxy import proxy_for
from pillion_blackbox_exporter.probers.http.request import USER_AGENT
from pillion_blackbox_exporter.probers.http.url import parse_url

if TYPE_CHECKING:
    import httpx

    from pillion_blackbox_exporter.configuration.client import OAuth2
    from pillion_blackbox_exporter.probers.http.url import Url
    from pillion_blackbox_exporter.probing.probe import Probe

_ANSWER_LIMIT = 1024 * 1024
_ALPN = ("http/1.1",)


async def post_form(
    probe: Probe, config: OAuth2, form: dict[str, str], authorization: str
) -> tuple[int, dict[str, Any]]:
    """Return the status of a token server's answer, and its JSON object, empty where it is none.

    Args:
        probe: for whom; its guard, resolver and TLS contexts are used, and its time is.
        config: whom to ask, and through which proxy.
        form: what is sent.
        authorization: the value of the header, or nothing.

    Raises:
        ProbeError: the server cannot be asked.
    """
    import httpx  # 15 MB, and only where tokens are asked for  # noqa: PLC0415

    url = parse_url(config.token_url)
    proxy = None
    if config.proxy_url or config.proxy_from_environment:
        proxy = proxy_for(config, url, os.environ)
    headers = {"Host": url.authority, "User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    if authorization:
        headers["Authorization"] = authorization
    try:
        async with await _client(probe, config, url, proxy) as client:
            requests = [
                client.build_request(
                    "POST",
                    f"{url.scheme}://{host}:{url.port}{url.path}",
                    data=form,
                    headers=headers,
                    extensions={"sni_hostname": config.tls_config.server_name or url.host},
                )
                for host in await _hosts(probe, url, proxy)
            ]
            for request in requests[:-1]:
                with contextlib.suppress(httpx.ConnectError):
                    return await _answer(client, request)
            return await _answer(client, requests[-1])
    except httpx.ConnectError as error:
        _, words = explained(error)
        if proxy is not None:
            raise ProbeError("proxy", f"the proxy cannot be reached: {words}") from None
        sentence = f"the token server {url.authority} cannot be reached: {words}"
        raise ProbeError("authorization", sentence) from None
    except httpx.ProxyError as error:
        raise ProbeError("proxy", f"the proxy refused to connect: {error}") from None
    except httpx.TransportError as error:
        sentence = f"the token server {url.authority} broke off: {explained(error)[1]}"
        raise ProbeError("authorization", sentence) from None


async def _client(probe: Probe, config: OAuth2, url: Url, proxy: Url | None) -> httpx.AsyncClient:
    """Return a client for one request. The probe's own time limit is its time limit.

    A context is always given, as httpx's own would load certifi's bundle: 38 MB. httpx sets what
    is offered by ALPN, so the context is not one that probes use.
    """
    import httpx  # noqa: PLC0415

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if url.scheme == "https":
        context = await probe.network.contexts.get(config.tls_config, _ALPN)
    through = None
    if proxy is not None:
        sent = {
            name: ", ".join(value.reveal() for value in values)
            for name, values in config.proxy_connect_header.items()
        }
        user = (proxy.user, proxy.password) if proxy.has_user else None
        through = httpx.Proxy(f"http://{proxy.authority}", auth=user, headers=sent)
    return httpx.AsyncClient(verify=context, proxy=through, trust_env=False, timeout=None)  # noqa: S113


async def _hosts(probe: Probe, url: Url, proxy: Url | None) -> tuple[str, ...]:
    """Return what to connect to, as in a URL: addresses that the guard lets pass, or the name."""
    if proxy is not None:
        probe.network.check_host(url.scheme, url.host, url.port, is_final=True)
        return (_literal(url.host),)
    resolved = await probe.network.resolve(url.scheme, url.host, url.port)
    for address in resolved.addresses:
        probe.network.check_address(url.scheme, url.host, address, url.port)
    return tuple(map(_literal, resolved.addresses))


def _literal(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _answer(client: httpx.AsyncClient, request: httpx.Request) -> tuple[int, dict[str, Any]]:
    response = await client.send(request, stream=True)
    try:
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > _ANSWER_LIMIT:
                raise ProbeError("authorization", "the token server's answer is too long")
    finally:
        await response.aclose()
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        answer = {}
    return response.status_code, answer if isinstance(answer, dict) else {}
