"""What goes over the wire, as values: a request in, a response out. Pure."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"

_ESCAPE = re.compile(rb"%([0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, whole: its body has been read.

    Attributes:
        method: upper case, as it was sent (`GET`).
        path: with its percent escapes decoded, without the query.
        query: what followed the `?`, as it was sent.
        headers: by lower-case name; a header that was sent twice is joined with `, `.
        body: the bytes, without their chunks.
        peer: address and port of the client, for the log.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    peer: str

    def parameters(self) -> dict[str, list[str]]:
        """Return the parameters of the query, each with its values in order, blank ones too."""
        parameters: dict[str, list[str]] = {}
        for pair in self.query.split("&"):
            if pair:
                name, _, value = pair.partition("=")
                parameters.setdefault(_decoded(name), []).append(_decoded(value))
        return parameters

    def parameter(self, name: str, default: str = "") -> str:
        """Return the first value of the parameter `name`, or `default` when it is not there."""
        values = self.parameters().get(name)
        return values[0] if values else default


@dataclass(frozen=True, slots=True)
class Response:
    """One answer.

    Attributes:
        body: text is sent as UTF-8.
        status: the code of RFC 9110.
        content_type: left out of the answer when empty.
        headers: further ones; those that frame the message are the server's own business.
    """

    body: str | bytes = b""
    status: int = 200
    content_type: str = TEXT
    headers: tuple[tuple[str, str], ...] = ()


PENDING = Response(status=401)
"""Stands for an answer that takes a while to come by; compared by identity, never sent."""

Handler = Callable[[Request], Response | Awaitable[Response]]
"""Answers a request. A `Response` is sent at once; an awaitable gets a task of its own, which
is cancelled when the client goes away. An exception becomes a 500 that gives nothing away."""


def unquote(text: str) -> str:
    """Return `text` with its percent escapes decoded as UTF-8, wrong bytes replaced.

    The one in `urllib.parse` would cost half a megabyte for the same.
    """
    if "%" not in text:
        return text
    data = _ESCAPE.sub(lambda match: bytes((int(match[1], 16),)), text.encode("utf-8"))
    return data.decode("utf-8", "replace")


def _decoded(text: str) -> str:
    return unquote(text.replace("+", " "))
