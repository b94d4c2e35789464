"""The basic scheme of an `Authorization` header (RFC 7617). Pure."""

from __future__ import annotations

import binascii


def basic(user: str, password: str) -> str:
    """Return the value of an `Authorization` header of the basic scheme (RFC 7617)."""
    return "Basic " + binascii.b2a_base64(f"{user}:{password}".encode(), newline=False).decode()
