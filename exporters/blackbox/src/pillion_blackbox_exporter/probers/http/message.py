"""Requests, whatever version of HTTP carries them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pillion.net import encode
from pillion_blackbox_exporter.failure import ProbeError

if TYPE_CHECKING:
    from pillion_blackbox_exporter.probers.http.url import Url

TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_METHODS_WITH_BODY = ("POST", "PUT", "PATCH")
FRAMING_HEADERS = frozenset({"content-length", "transfer-encoding", "trailer"})


@dataclass(slots=True)
class Request:
    """One request.

    Attributes:
        method: as it is sent.
        url: where it goes.
        host: the `Host` header, or `:authority`.
        headers: names as they are sent, to values, in order; without Host and lengths.
        body: the bytes that are sent, or None for a request without content.
    """

    method: str
    url: Url
    host: str
    headers: dict[str, list[str]] = field(default_factory=dict)
    body: bytes | None = None

    def has(self, name: str) -> bool:
        """Whether a header is there, however it is written."""
        wanted = name.lower()
        return any(each.lower() == wanted for each in self.headers)

    def drop(self, *names: str) -> None:
        """Take headers out, however they are written."""
        for each in [each for each in self.headers if each.lower() in names]:
            del self.headers[each]

    def content_length(self) -> int | None:
        """Return what `Content-Length` says, or None where there is none."""
        if self.body is not None:
            return len(self.body)
        return 0 if self.method in _METHODS_WITH_BODY else None


def encode_request(request: Request, target: str) -> bytes:
    """Return a request as HTTP/1.1 has it; the connection ends with it.

    What says how long the content is follows from the content, whatever was configured.
    """
    headers = [("Host", request.host)]
    for name, values in request.headers.items():
        if name.lower() not in FRAMING_HEADERS:
            headers += [(name, value) for value in values]
    length = request.content_length()
    if length is not None:
        headers.append(("Content-Length", str(length)))
    if not request.has("connection"):
        headers.append(("Connection", "close"))
    return encode(request.method, target, headers, request.body or b"")


def check_header(name: str, value: str) -> None:
    """Raise ProbeError when a header cannot be sent."""
    if not TOKEN.fullmatch(name):
        raise ProbeError("configuration", f"{name!r} is no name of a header")
    if _BAD_VALUE.search(value):
        raise ProbeError("configuration", f"the header {name} has a value with a line break")
