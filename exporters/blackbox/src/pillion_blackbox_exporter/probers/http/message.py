"""Requests, whatever version of HTTP carries them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pillion.net import encode
from pillion_blackbox_exporter.failure import ProbeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pillion_blackbox_exporter.probers.http.url import Url

TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_METHODS_WITH_BODY = ("POST", "PUT", "PATCH")
_FRAMING_HEADERS = frozenset({"content-length", "transfer-encoding", "trailer"})


@dataclass(slots=True)
class Request:
    """One request.

    Attributes:
        method: as it is sent.
        url: where it goes.
        host: the `Host` header, or `:authority`.
        headers: names as they are sent, to values, in order; without Host and lengths.
        body: the bytes that are sent, or None for a request without content.
        cookie: what servers asked to be reminded of, beside a header `Cookie`.
        referer: the URL that redirected here, or nothing; a header of that name is preferred.
        private: lower-case names of headers that go to the first host only.
        withheld: what the last redirect took out, since it led to another host.
    """

    method: str
    url: Url
    host: str
    headers: dict[str, list[str]] = field(default_factory=dict)
    body: bytes | None = None
    cookie: str = ""
    referer: str = ""
    private: frozenset[str] = frozenset()
    withheld: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Whether a header is there, however it is written."""
        wanted = name.lower()
        for each in self.headers:  # noqa: SIM110  # `any` costs twice as much, at each request
            if each.lower() == wanted:
                return True
        return False

    def drop(self, *names: str) -> None:
        """Take headers out, however they are written."""
        for each in [each for each in self.headers if each.lower() in names]:
            del self.headers[each]

    def fields(self) -> Iterator[tuple[str, str]]:
        """Yield the headers but Host, in order; the length is that of the body.

        What else says how long the content is, is left out, whatever was configured.
        """
        cookies = [self.cookie] if self.cookie else []
        for name, values in self.headers.items():
            lower = name.lower()
            if lower == "cookie":
                cookies = [*values, *cookies]
            elif lower not in _FRAMING_HEADERS:
                for value in values:
                    yield name, value
        if cookies:
            yield "Cookie", "; ".join(cookies)
        if self.referer and not self.has("referer"):
            yield "Referer", self.referer
        length = self.content_length()
        if length is not None:
            yield "Content-Length", str(length)

    def content_length(self) -> int | None:
        """Return what `Content-Length` says, or None where there is none."""
        if self.body is not None:
            return len(self.body)
        return 0 if self.method in _METHODS_WITH_BODY else None


def encode_request(request: Request, target: str, more: tuple[tuple[str, str], ...] = ()) -> bytes:
    """Return a request as HTTP/1.1 has it; the connection ends with it."""
    headers = [("Host", request.host), *request.fields(), *more]
    if not request.has("connection"):
        headers.append(("Connection", "close"))
    return encode(request.method, target, headers, request.body or b"")


def check_header(name: str, value: str) -> None:
    """Raise ProbeError when a header cannot be sent."""
    if not TOKEN.fullmatch(name):
        raise ProbeError("configuration", f"{name!r} is not a name of a header")
    if _BAD_VALUE.search(value):
        raise ProbeError("configuration", f"the header {name} has a value with a line break")
