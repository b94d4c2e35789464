"""The opening handshake of WebSocket (RFC 6455, 4): what is asked, and whether it was granted."""

from __future__ import annotations

import binascii
import hashlib
from typing import TYPE_CHECKING

from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.probers.http.message import TOKEN, Head

if TYPE_CHECKING:
    from pillion_blackbox_exporter.probers.http.message import Request

HEAD_LIMIT = 64 * 1024
SWITCHING_PROTOCOLS = 101

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_STATUS_DIGITS = 3


def key_of(randomness: bytes) -> str:
    """Return a `Sec-WebSocket-Key` of 16 random bytes."""
    return binascii.b2a_base64(randomness, newline=False).decode()


def accept_of(key: str) -> str:
    """Return the `Sec-WebSocket-Accept` that answers a key."""
    digest = hashlib.sha1((key + _GUID).encode(), usedforsecurity=False).digest()
    return binascii.b2a_base64(digest, newline=False).decode()


def ask_for_upgrade(request: Request, key: str) -> None:
    """Add the headers of the handshake to a request."""
    request.headers["Upgrade"] = ["websocket"]
    request.headers["Connection"] = ["Upgrade"]
    request.headers["Sec-WebSocket-Version"] = ["13"]
    request.headers["Sec-WebSocket-Key"] = [key]


def read_head(data: bytes, received_at: float) -> Head:
    """Return the head of a response from its bytes up to the empty line.

    Raises:
        ProbeError: it is no HTTP/1.
    """
    lines = data.decode("latin-1").split("\r\n")
    version, _, rest = lines[0].partition(" ")
    status = rest[:_STATUS_DIGITS]
    is_number = status.isascii() and status.isdecimal() and len(status) == _STATUS_DIGITS
    if version not in ("HTTP/1.0", "HTTP/1.1") or not is_number or rest[3:4] not in ("", " "):
        raise ProbeError("protocol", f"the answer is no HTTP: it begins with {lines[0][:80]!r}")
    headers: list[tuple[str, str]] = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not TOKEN.fullmatch(name):
            raise ProbeError("protocol", f"the answer has a header that is none: {line[:80]!r}")
        headers.append((name.lower(), value.strip(" \t")))
    return Head(version, int(status), headers, received_at)


def check_upgrade(head: Head, key: str) -> None:
    """Raise ProbeError unless a response grants the upgrade that was asked for."""
    if head.status != SWITCHING_PROTOCOLS:
        raise ProbeError("status", f"the upgrade was answered with status {head.status}")
    if "websocket" not in _tokens(head, "upgrade"):
        raise ProbeError("header", "the answer does not upgrade to websocket")
    if "upgrade" not in _tokens(head, "connection"):
        raise ProbeError("header", "the answer lacks Connection: Upgrade")
    if head.get("sec-websocket-accept") != accept_of(key):
        raise ProbeError("header", "the answer's Sec-WebSocket-Accept is not the one for our key")
    if head.all("sec-websocket-extensions"):
        raise ProbeError("header", "the answer uses an extension that was not asked for")


def _tokens(head: Head, name: str) -> list[str]:
    return [token.strip().lower() for value in head.all(name) for token in value.split(",")]
