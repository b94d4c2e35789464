"""Whom a client of HTTP talks to."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server.

    Attributes:
        host: name or address.
        port: TCP.
        tls: the context for https, None for http.
        server_name: the name that its certificate has to bear, where it is not the host's.
        connect_timeout: seconds, with the name's resolution and the TLS handshake.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    server_name: str | None = None
    connect_timeout: float = 10.0

    def __str__(self) -> str:
        scheme = "https" if self.tls is not None else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"


def basic_auth(user: str, password: str) -> str:
    """Return the value of the Authorization header (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
