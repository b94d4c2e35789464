"""The opening handshake of WebSocket (RFC 6455, 4): what is asked, and whether it was granted."""

from __future__ import annotations

import binascii
import hashlib
from typing import TYPE_CHECKING

from pillion_blackbox_exporter.failure import ProbeError

if TYPE_CHECKING:
    from pillion.net import Head
    from pillion_blackbox_exporter.probers.http.message import Request

SWITCHING_PROTOCOLS = 101

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


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
