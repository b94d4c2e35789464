"""What is scraped: the URI of a status page, taken apart. Pure.

The spellings are the peer's: `http://host:port/path`, `https://...`, and
`unix:<socket>:<path>`, where the path may be left out. A user and password in the URI become
basic authentication, as Go's client makes them; the password is never shown.
"""

from __future__ import annotations

import binascii
import re
import socket
from dataclasses import dataclass, field

from pillion.masking import masked_target, masked_url
from pillion.settings import Kind

_URI = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:(?P<user>[^@/?#]*)@)?"
    r"(?P<host>\[[^\]/?#@]*\]|[^:/?#@\[\]]*)(?::(?P<port>[^/?#]*))?"
    r"(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?(?:#.*)?",
    re.IGNORECASE,
)
_HOST_NAME = re.compile(r"[a-z0-9_~-]+(?:\.[a-z0-9_~-]+)*\.?", re.IGNORECASE | re.ASCII)
# Lone surrogates stand for bytes of the command line that are no UTF-8.
_NOT_IN_URI = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST_SOCKET_PATH = 107  # sun_path in unix(7), less its final zero
_LONGEST_HOST = 253
_LAST_PORT = 65535
_RIGHT = "write http://host:port/path, https://host:port/path or unix:/socket:/path"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a connection leads, and whether TLS is spoken on it.

    Attributes:
        host: a name or an address without brackets; `unix` on a socket.
        port: the TCP port; 0 on a socket.
        is_tls: whether TLS is spoken.
        socket_path: the Unix socket, a leading `@` for an abstract one; empty for TCP.
    """

    host: str
    port: int
    is_tls: bool
    socket_path: str = ""

    def __str__(self) -> str:
        if self.socket_path:
            return f"unix:{self.socket_path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Target:
    """One status page.

    Attributes:
        uri: as it was written, user and query masked: fit for labels and logs.
        endpoint: where to connect to.
        authority: what the Host header says: the host, with the port where one was written.
        path: what the request line asks for, query included.
        authorization: the value of the Authorization header, or empty. A secret.
    """

    uri: str
    endpoint: Endpoint
    authority: str
    path: str
    authorization: str = field(default="", repr=False)


def parse_target(text: str) -> Target:
    """Return the target of a scrape URI.

    Raises:
        ValueError: the second half of a sentence that begins with the URI.
    """
    if _NOT_IN_URI.search(text):
        raise ValueError(f"has white space, control characters or broken UTF-8 in it; {_RIGHT}")
    if text.startswith("unix:"):
        return _parse_unix(text)
    match = _URI.fullmatch(text)
    if match is None:
        raise ValueError(f"is not a URI of a status page; {_RIGHT}")
    scheme = match["scheme"].lower()
    if scheme not in _DEFAULT_PORTS:
        raise ValueError(f"has the scheme {scheme!r}; {_RIGHT}")
    host = _host(match["host"])
    port = _port(match["port"], scheme)
    authority = match["host"] + (f":{port}" if match["port"] else "")
    path = _escaped((match["path"] or "/") + (match["query"] or ""))
    return Target(
        uri=masked_url(text),
        endpoint=Endpoint(host, port, is_tls=scheme == "https"),
        authority=authority,
        path=path,
        authorization=_basic(match["user"]),
    )


def redirected(target: Target, location: str) -> Target:
    """Return where a `Location` header leads from `target`.

    A target on a Unix socket stays on its socket. Credentials are kept only where the
    location names no host, as Go's client does.

    Raises:
        ValueError: the second half of a sentence that begins with the location.
    """
    from urllib.parse import urljoin  # 0.6 MB, and only for a redirect  # noqa: PLC0415

    scheme = "https" if target.endpoint.is_tls else "http"
    try:
        absolute = urljoin(f"{scheme}://{target.authority}{target.path}", location)
    except ValueError:
        raise ValueError("is not a URI") from None
    found = parse_target(absolute)
    if found.endpoint.socket_path:
        raise ValueError("leads to a Unix socket")
    endpoint = found.endpoint
    if target.endpoint.socket_path:
        socket_path = target.endpoint.socket_path
        endpoint = Endpoint(endpoint.host, 0, is_tls=endpoint.is_tls, socket_path=socket_path)
    is_relative = re.match(r"(?:[a-z][a-z0-9+.-]*:)?//", location, re.IGNORECASE) is None
    authorization = target.authorization if is_relative else found.authorization
    return Target(found.uri, endpoint, found.authority, found.path, authorization)


def _parse_unix(text: str) -> Target:
    socket_path, colon, path = text.removeprefix("unix:").partition(":")
    if not socket_path:
        raise ValueError("names no socket; write unix:/socket:/path")
    if len(socket_path.encode()) > _LONGEST_SOCKET_PATH:
        raise ValueError(f"has a socket path longer than {_LONGEST_SOCKET_PATH} bytes")
    if colon and not path.startswith("/"):
        raise ValueError("has a path that does not begin with /; write unix:/socket:/path")
    endpoint = Endpoint("unix", 0, is_tls=False, socket_path=socket_path)
    shown = f"unix:{socket_path}{colon}{masked_target(path)}" if "?" in path else text
    return Target(shown, endpoint, "unix", _escaped(path.partition("#")[0] or "/"))


def _host(text: str) -> str:
    if text.startswith("["):
        host = text[1:-1].replace("%25", "%", 1)
        address, _, zone = host.partition("%")
        try:
            socket.inet_pton(socket.AF_INET6, address)
        except OSError:
            raise ValueError(f"has {text}, which is not an IPv6 address, for a host") from None
        if "%" in zone:
            raise ValueError(f"has {text}, whose zone is not a name of an interface, for a host")
        return host
    if not text:
        raise ValueError(f"names no host; {_RIGHT}")
    if len(text) > _LONGEST_HOST or not _HOST_NAME.fullmatch(text):
        raise ValueError(
            f"has {text[:80]!r} for a host; write a name in ASCII, an IPv4 address or [IPv6]"
        )
    return text


def _port(text: str | None, scheme: str) -> int:
    if not text:
        return _DEFAULT_PORTS[scheme]
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= _LAST_PORT):  # noqa: PLR2004  # the digits of 65535
        raise ValueError(f"has the port {text[:20]!r}, which is not a number from 1 to 65535")
    return int(text)


def _escaped(path: str) -> str:
    """Return a path as the request line may carry it: visible ASCII, the rest as %XX."""
    return re.sub(rb"[^!-~]", lambda m: b"%%%02X" % m[0][0], path.encode()).decode("ascii")


def _basic(user: str | None) -> str:
    if not user:
        return ""
    name, _, password = user.partition(":")
    pair = _unescaped(name) + b":" + _unescaped(password)
    return "Basic " + binascii.b2a_base64(pair, newline=False).decode("ascii")


def _unescaped(text: str) -> bytes:
    return re.sub(rb"%([0-9a-fA-F]{2})", lambda m: bytes([int(m[1], 16)]), text.encode())


def _show(target: Target) -> str:
    return target.uri


TARGET: Kind[Target] = Kind("URI", parse_target, _show)
