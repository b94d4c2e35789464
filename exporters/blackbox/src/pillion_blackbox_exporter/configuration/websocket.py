"""The `websocket` section of a module (newer than blackbox_exporter 0.28)."""

from __future__ import annotations

import msgspec

from pillion_blackbox_exporter.configuration.client import HeaderValues, HttpClient, check_client
from pillion_blackbox_exporter.configuration.http import IpProtocol
from pillion_blackbox_exporter.configuration.stream import QueryResponse

_HANDSHAKE = frozenset(
    {
        "upgrade",
        "connection",
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-websocket-extensions",
    }
)


class WebsocketSection(HttpClient, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the upgrade is asked for, and what is said over it."""

    preferred_ip_protocol: IpProtocol = ""
    ip_protocol_fallback: bool = True
    headers: dict[str, HeaderValues] = msgspec.field(default_factory=dict)
    query_response: tuple[QueryResponse, ...] = ()

    def __post_init__(self) -> None:
        check_client(self)
        for name in (*self.headers, *self.http_headers):
            if name.lower() in _HANDSHAKE:
                raise ValueError(f"cannot set {name!r} in headers; the handshake sets it itself")
        if self.proxy_url or self.proxy_from_environment:
            raise ValueError("has a proxy, which the websocket prober does not support")
        for step in self.query_response:
            for key in ("starttls", "expect_bytes", "labels"):
                if getattr(step, key):
                    raise ValueError(
                        f"has {key} in query_response, which the websocket prober does not support"
                    )
