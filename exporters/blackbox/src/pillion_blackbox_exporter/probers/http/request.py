"""The first request of a probe, and the one that follows a redirect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pillion
from pillion_blackbox_exporter.configuration.secrets import PLAIN_HEADERS
from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.probers.http.message import Request, check_header
from pillion_blackbox_exporter.probers.http.url import is_absolute, redirected, without_user
from pillion_blackbox_exporter.probing.files import read_bytes, read_text

if TYPE_CHECKING:
    from pillion.net import Head
    from pillion_blackbox_exporter.configuration.http import HttpSection
    from pillion_blackbox_exporter.probers.http.url import Url

USER_AGENT = f"Blackbox-Exporter/0.28.0 (Pillion {pillion.__version__})"
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_KEEPING = frozenset({307, 308})
_CONTENT_HEADERS = ("content-type", "content-length", "content-encoding", "content-language")
_SECRET_HEADERS = ("authorization", "cookie", "cookie2", "proxy-authorization")


def first_request(section: HttpSection, url: Url, host: str) -> Request:
    """Return the request that a module asks for, without its credentials.

    Args:
        section: the module's.
        url: the target.
        host: the `Host` header to send instead of the URL's, or nothing.

    Raises:
        ProbeError: a file cannot be read, or a header cannot be sent.
    """
    request = Request(section.method or "GET", url, host or url.authority)
    private: set[str] = set()
    secret_names: set[str] = set()
    for name, value in section.headers.items():
        check_header(name, value)
        if name.lower() == "host":
            request.host = host or value
        else:
            request.headers[name] = [value]
            private.add(name.lower())
    for name, values in section.http_headers.items():
        kept = [*(secret.reveal() for secret in values.secrets), *map(read_text, values.files)]
        for value in (*values.values, *kept):
            check_header(name, value)
        request.headers[name] = [*request.headers.get(name, ()), *values.values, *kept]
        private.add(name.lower())
        if kept:
            secret_names.add(name.lower())
    request.private = frozenset(private - PLAIN_HEADERS | secret_names)
    if not request.has("user-agent"):
        request.headers["User-Agent"] = [USER_AGENT]
    if section.body:
        request.body = bytes(section.body)
    elif section.body_file:
        request.body = read_bytes(section.body_file)
    return request


def next_request(request: Request, head: Head) -> Request | None:
    """Return the request that a response redirects to, or None when it redirects nowhere.

    The method and the content follow as browsers do it (RFC 9110, 15.4). What may be a secret
    (any configured header but the usual ones, and the content) follows to the same host alone,
    and never from https to http.

    Raises:
        ProbeError: the redirect leads to no URL of http or https.
    """
    location = head.get("location")
    if head.status not in REDIRECT_STATUSES or not location:
        return None
    url = without_user(redirected(request.url, location))
    host = url.authority if is_absolute(location) else request.host
    following = replace(
        request,
        url=url,
        host=host,
        headers=dict(request.headers),
        referer=_referer(request.url, url),
        withheld=(),
    )
    if head.status not in _KEEPING:
        following.method = "HEAD" if request.method == "HEAD" else "GET"
        following.body = None
        following.drop(*_CONTENT_HEADERS)
    if not may_share_secrets(request.url, url):
        _withhold(following)
    return following


def _withhold(request: Request) -> None:
    """Take out what another host must not learn."""
    secret = request.private.union(_SECRET_HEADERS)
    withheld = sorted(name for each in request.headers if (name := each.lower()) in secret)
    request.drop(*secret)
    if request.body:
        request.body = None
        request.drop(*_CONTENT_HEADERS)
        withheld.append("the body")
    request.withheld = tuple(withheld)


def _referer(url: Url, other: Url) -> str:
    """Return what is said of where a redirect came from (RFC 9110, 10.1.3)."""
    return "" if url.scheme == "https" and other.scheme == "http" else str(url)


def may_share_secrets(url: Url, other: Url) -> bool:
    """Whether what was told to one URL may be told to another."""
    is_downgrade = url.scheme == "https" and other.scheme == "http"
    return url.host.lower() == other.host.lower() and not is_downgrade


def wanted_host(section: HttpSection, hostname: str) -> str:
    """Return the `Host` that a module or the `hostname` parameter asks for, or nothing.

    Raises:
        ProbeError: they ask for different ones.
    """
    given = next((v for name, v in section.headers.items() if name.lower() == "host"), "")
    if hostname and given and given != hostname:
        raise ProbeError(
            "target", f"the module sends Host: {given}, the parameter hostname is {hostname}"
        )
    return hostname or given
