"""The first request of a probe, and the one that follows a redirect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pillion
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
_SECRET_HEADERS = ("authorization", "cookie", "cookie2", "www-authenticate", "proxy-authorization")


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
    for name, value in section.headers.items():
        check_header(name, value)
        if name.lower() == "host":
            request.host = host or value
        else:
            request.headers[name] = [value]
    for name, values in section.http_headers.items():
        listed = [*values.values, *(secret.reveal() for secret in values.secrets)]
        listed += [read_text(path) for path in values.files]
        for value in listed:
            check_header(name, value)
        request.headers[name] = request.headers.get(name, []) + listed
    if not request.has("user-agent"):
        request.headers["User-Agent"] = [USER_AGENT]
    if section.body:
        request.body = bytes(section.body)
    elif section.body_file:
        request.body = read_bytes(section.body_file)
    return request


def next_request(request: Request, head: Head) -> Request | None:
    """Return the request that a response redirects to, or None when it redirects nowhere.

    The method and the content follow as browsers do it (RFC 9110, 15.4); secrets follow to the
    same host alone, and never from https to http.

    Raises:
        ProbeError: the redirect leads to no URL of http or https.
    """
    location = head.get("location")
    if head.status not in REDIRECT_STATUSES or not location:
        return None
    url = redirected(request.url, location)
    host = url.authority if is_absolute(location) else request.host
    following = replace(request, url=url, host=host, headers=dict(request.headers))
    if head.status not in _KEEPING:
        following.method = "HEAD" if request.method == "HEAD" else "GET"
        following.body = None
        following.drop(*_CONTENT_HEADERS)
    following.drop("cookie", "authorization")
    if "Cookie" in request.headers and may_share_secrets(request.url, url):
        following.headers["Cookie"] = request.headers["Cookie"]
    if not may_share_secrets(request.url, url):
        following.drop(*_SECRET_HEADERS)
    elif request.has("authorization"):
        following.headers["Authorization"] = request.headers["Authorization"]
    following.url = without_user(url)
    return following


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
