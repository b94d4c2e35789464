"""URLs of the schemes http and https, as a request needs them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import quote, unquote, urljoin, urlsplit

from pillion.masking import masked_target
from pillion_blackbox_exporter.failure import ProbeError

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"[^\x00-\x20\"#/<>?@\\^`{|}\x7f\[\]]*")
_SAFE = "!$%&'()*+,-./:;=?@_~[]"
_PORTS = {"http": 80, "https": 443}
_PORT_LIMIT = 65_535


@dataclass(frozen=True, slots=True)
class Url:
    """Where a request goes, and what it asks for.

    Attributes:
        scheme: `http` or `https`.
        host: a name or an address, without brackets.
        port: the one that is written, or the scheme's own.
        authority: host and port as they are written, for the `Host` header.
        path: path and query, percent-encoded, `/` at least.
        user: from before the `@`, decoded.
        password: the same.
    """

    scheme: str
    host: str
    port: int
    authority: str
    path: str
    user: str = ""
    password: str = ""

    @property
    def has_user(self) -> bool:
        """Whether the URL names a user."""
        return bool(self.user or self.password)

    def __str__(self) -> str:
        """Return the URL without user and password."""
        return f"{self.scheme}://{self.authority}{self.path}"


@lru_cache(maxsize=1024)
def parse_url(text: str) -> Url:
    """Return the parts of a URL; what has no scheme is http.

    Raises:
        ProbeError: it is no URL of http or https.
    """
    if not _SCHEME.match(text):
        text = f"http://{text}"
    if _CONTROL.search(text):
        raise ProbeError("target", f"the URL {masked_target(text)!r} has a control character")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ProbeError("target", f"the URL {masked_target(text)!r} is wrong: {error}") from None
    authority = parts.netloc.rpartition("@")[2]
    host = authority.rpartition(":")[0] if has_port(authority) else authority
    host = host.removeprefix("[").removesuffix("]")
    if "%" in host and not authority.startswith("["):
        raise ProbeError(
            "target", f"the URL {masked_target(text)!r} has a percent-encoded host; encode once"
        )
    if not host or not _HOST.fullmatch(host):
        raise ProbeError(
            "target", f"the URL {masked_target(text)!r} has no host that can be probed"
        )
    if not host.isascii():
        host, authority = _in_ascii(text, host, authority)
    if _BAD_ESCAPE.search(parts.path):
        raise ProbeError(
            "target", f"the URL {masked_target(text)!r} has a % without two hex digits"
        )
    path = quote(parts.path or "/", safe=_SAFE)
    if parts.query:
        path += "?" + quote(parts.query, safe=_SAFE)
    return Url(
        scheme=parts.scheme,
        host=host,
        port=_PORTS[parts.scheme] if port is None else port,
        authority=authority,
        path=path,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def redirected(url: Url, location: str) -> Url:
    """Return where a `Location` leads from a URL; a user is not taken along.

    Raises:
        ProbeError: it is no URL of http or https.
    """
    joined = urljoin(str(url), location.strip())
    if not _SCHEME.match(joined):
        scheme = joined.partition(":")[0]
        raise ProbeError("redirect", f"the redirect leads to the scheme {scheme[:40]!r}")
    try:
        return parse_url(joined)
    except ProbeError as error:
        raise ProbeError("redirect", f"the redirect leads nowhere: {error}") from None


def is_absolute(location: str) -> bool:
    """Whether a `Location` names a scheme or a host of its own."""
    return location.startswith("//") or bool(re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", location))


def over_tls(url: Url) -> Url:
    """Return the URL of https beside one of http."""
    port = url.port if has_port(url.authority) else _PORTS["https"]
    return replace(url, scheme="https", port=port)


def without_user(url: Url) -> Url:
    """Return a URL without its user and password."""
    return replace(url, user="", password="") if url.has_user else url


def has_port(authority: str) -> bool:
    """Whether an authority names a port."""
    return ":" in authority.rpartition("]")[2]


def _in_ascii(text: str, host: str, authority: str) -> tuple[str, str]:
    try:
        ascii_host = host.encode("idna").decode()
    except UnicodeError:
        raise ProbeError("target", f"the URL {masked_target(text)!r} has no host name") from None
    return ascii_host, authority.replace(host, ascii_host, 1)
