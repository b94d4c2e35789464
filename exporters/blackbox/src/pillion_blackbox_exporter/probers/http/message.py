"""Requests and the heads of responses, whatever version of HTTP carries them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pillion_blackbox_exporter.failure import ProbeError

if TYPE_CHECKING:
    from pillion_blackbox_exporter.probers.http.url import Url

TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_METHODS_WITH_BODY = ("POST", "PUT", "PATCH")
_NO_CONTENT, _NOT_MODIFIED, _OK = 204, 304, 200


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


@dataclass(slots=True)
class Head:
    """The head of a response.

    Attributes:
        version: `HTTP/1.1`, as the peer writes it.
        status: the status code.
        headers: lower-case names and values, in order.
        received_at: when its first byte came.
    """

    version: str
    status: int
    headers: list[tuple[str, str]]
    received_at: float

    def get(self, name: str) -> str | None:
        """Return the first value of a header, by its lower-case name."""
        return next((value for each, value in self.headers if each == name), None)

    def all(self, name: str) -> list[str]:
        """Return every value of a header, by its lower-case name."""
        return [value for each, value in self.headers if each == name]

    def content_length(self, method: str) -> int:
        """Return the length that the head promises; -1 when it promises none."""
        if method != "HEAD" and not self.may_have_body(method):
            return 0
        text = self.get("content-length")
        if text is None or "chunked" in (self.get("transfer-encoding") or "").lower():
            return -1
        return int(text) if text.isascii() and text.isdecimal() else -1

    def may_have_body(self, method: str) -> bool:
        """Whether content can follow (RFC 9110, 6.4.1)."""
        return (
            method != "HEAD"
            and self.status >= _OK
            and self.status not in (_NO_CONTENT, _NOT_MODIFIED)
        )


def check_header(name: str, value: str) -> None:
    """Raise ProbeError when a header cannot be sent."""
    if not TOKEN.fullmatch(name):
        raise ProbeError("configuration", f"{name!r} is no name of a header")
    if _BAD_VALUE.search(value):
        raise ProbeError("configuration", f"the header {name} has a value with a line break")
