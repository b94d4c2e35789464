"""Cookies across the redirects of one probe (RFC 6265), as far as one probe needs them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pillion_blackbox_exporter.probers.http.url import Url

COOKIE_LIMIT = 100
_SIZE_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Cookie:
    """What a server asked to be reminded of.

    Attributes:
        name: as it is sent back.
        value: the same.
        domain: the host that set it, or one above.
        is_host_only: whether it goes to that host alone.
        path: the path below which it is sent.
        is_secure: whether it is sent over https alone.
    """

    name: str
    value: str
    domain: str
    is_host_only: bool
    path: str
    is_secure: bool


class Cookies:
    """The cookies of one probe."""

    __slots__ = ("_cookies",)

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str], Cookie] = {}

    def store(self, url: Url, lines: list[str]) -> None:
        """Take the `Set-Cookie` headers of a response."""
        for line in lines:
            cookie = parse_set_cookie(url, line)
            if cookie is not None and len(self._cookies) < COOKIE_LIMIT:
                self._cookies[cookie.domain, cookie.path, cookie.name] = cookie

    def header(self, url: Url) -> str:
        """Return the `Cookie` header for a request; nothing when there is none to send."""
        fit = [cookie for cookie in self._cookies.values() if _fits(cookie, url)]
        fit.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in fit)


def parse_set_cookie(url: Url, line: str) -> Cookie | None:
    """Return the cookie of a `Set-Cookie` header, or None when it is none or is refused."""
    pair, *attributes = line.split(";")
    name, equals, value = (part.strip() for part in pair.partition("="))
    if not (name and equals) or len(line) > _SIZE_LIMIT:
        return None
    host = url.host.lower()
    domain, is_host_only = host, True
    path = url.path.partition("?")[0].rpartition("/")[0] or "/"
    is_secure = False
    for attribute in attributes:
        key, _, content = (part.strip() for part in attribute.partition("="))
        match key.lower():
            case "domain" if content:
                domain, is_host_only = content.lower().removeprefix("."), False
            case "path" if content.startswith("/"):
                path = content
            case "secure":
                is_secure = True
            case "max-age" if content.startswith(("-", "0")):
                return None
            case _:
                pass
    if not _domain_matches(host, domain) or (not is_host_only and "." not in domain):
        return None
    return Cookie(name, value, domain, is_host_only, path, is_secure)


def _fits(cookie: Cookie, url: Url) -> bool:
    host, path = url.host.lower(), url.path.partition("?")[0]
    if cookie.is_secure and url.scheme != "https":
        return False
    if cookie.is_host_only and host != cookie.domain:
        return False
    if not _domain_matches(host, cookie.domain):
        return False
    return path == cookie.path or path.startswith(cookie.path.rstrip("/") + "/")


def _domain_matches(host: str, domain: str) -> bool:
    return host == domain or (host.endswith("." + domain) and not host[-1].isdigit())
