"""The head of an HTTP response, whatever version of HTTP carried it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

_OK, _NO_CONTENT, _NOT_MODIFIED = 200, 204, 304


@dataclass(slots=True)
class Head:
    """The head of a response.

    Attributes:
        version: `HTTP/1.1`, `HTTP/2.0`, `HTTP/3.0`.
        status: the status code.
        headers: lower-case names and values, in order.
        received_at: when its first byte came, by the stream's clock.
    """

    version: str
    status: int
    headers: list[tuple[str, str]]
    received_at: float

    def get(self, name: str) -> str | None:
        """Return the first value of a header, by its lower-case name."""
        for each, value in self.headers:
            if each == name:
                return value
        return None

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


def text(value: bytes) -> str:
    """Return a header's value, which is UTF-8 where it is not ASCII, else taken as Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
