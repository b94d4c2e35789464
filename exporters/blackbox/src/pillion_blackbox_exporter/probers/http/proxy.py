"""Which proxy a request goes through (the rules of Go's httpproxy). Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.probers.http.url import Url, has_port, parse_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion_blackbox_exporter.configuration.client import ProxyConfig


# With `socks5` too it is the proxy that resolves a name, as in Go.
_SOCKS, _SOCKS_PORT = ("socks5", "socks5h"), 1080


@dataclass(frozen=True, slots=True)
class _Rules:
    """A proxy for each scheme, and the hosts that are reached without."""

    http: str
    https: str
    exempt: str


def proxy_for(config: ProxyConfig, url: Url, environment: Mapping[str, str]) -> Url | None:
    """Return the proxy for a URL, or None to go there directly.

    Raises:
        ProbeError: the proxy's URL cannot be used.
    """
    if config.proxy_url and not config.no_proxy:
        return _parsed(config.proxy_url)
    if config.proxy_url:
        rules = _Rules(config.proxy_url, config.proxy_url, config.no_proxy)
    elif config.proxy_from_environment:
        rules = _Rules(
            *(_variable(environment, name) for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"))
        )
    else:
        return None
    proxy = rules.https if url.scheme == "https" else rules.http
    if not proxy or _is_local(url.host) or is_exempt(rules.exempt, url.host, url.port):
        return None
    return _parsed(proxy)


def is_exempt(rules: str, host: str, port: int) -> bool:
    """Whether a host is in a comma-separated list of names, domains, addresses and networks."""
    host = host.lower().rstrip(".")
    for rule in rules.lower().replace(" ", "").split(","):
        if rule == "*":
            return True
        name, wanted_port = _split_port(rule)
        if not name or (wanted_port and wanted_port != str(port)):
            continue
        if _matches(name, host):
            return True
    return False


def _matches(rule: str, host: str) -> bool:
    address = _address(host)
    if address is not None:
        try:
            return address in ipaddress.ip_network(rule, strict=False)
        except ValueError:
            return False
    domain = rule.removeprefix("*")
    return host.endswith("." + domain.lstrip(".")) or (domain == host and domain[0] != ".")


def _is_local(host: str) -> bool:
    address = _address(host)
    return host.lower() == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _split_port(rule: str) -> tuple[str, str]:
    if rule.startswith("["):
        name, _, rest = rule[1:].partition("]")
        return name, rest.removeprefix(":")
    if rule.count(":") == 1:
        name, _, port = rule.partition(":")
        return name, port
    return rule, ""


def _variable(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.lower()) or ""


def _parsed(text: str) -> Url:
    scheme, separator, rest = text.partition("://")
    is_socks = bool(separator) and scheme.lower() in _SOCKS
    try:
        proxy = parse_url(f"http://{rest}" if is_socks else text)
    except ProbeError as error:
        raise ProbeError("proxy", f"the proxy cannot be used: {error}") from None
    if not is_socks:
        return proxy
    port = proxy.port if has_port(proxy.authority) else _SOCKS_PORT
    return replace(proxy, scheme="socks5", port=port)
