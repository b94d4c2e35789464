"""The `websocket` section of a module (newer than blackbox_exporter 0.28)."""

from __future__ import annotations

import msgspec

from pillion.configuration import WrongKeyError
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
        for key in ("headers", "http_headers"):
            for name in getattr(self, key):
                if name.lower() in _HANDSHAKE:
                    raise WrongKeyError(key, f"cannot set {name!r}, which is the handshake's own")
        for key in ("proxy_url", "proxy_from_environment"):
            if getattr(self, key):
                raise WrongKeyError(key, "is not supported by the websocket prober")
        for step in self.query_response:
            for key in ("starttls", "expect_bytes", "labels"):
                if getattr(step, key):
                    sentence = f"has {key}, which the websocket prober does not support"
                    raise WrongKeyError("query_response", sentence)
