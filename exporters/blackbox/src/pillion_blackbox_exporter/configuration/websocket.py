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


class HttpConfig(HttpClient, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The keys of an HTTP client, in the place where blackbox_exporter has them."""

    def __post_init__(self) -> None:
        check_client(self)


class WebsocketSection(HttpClient, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the upgrade is asked for, and what is said over it.

    The keys of an HTTP client stand below `http_config`, as for blackbox_exporter, or beside it.
    """

    http_config: HttpConfig | None = None
    preferred_ip_protocol: IpProtocol = ""
    ip_protocol_fallback: bool = True
    headers: dict[str, HeaderValues] = msgspec.field(default_factory=dict)
    query_response: tuple[QueryResponse, ...] = ()

    def __post_init__(self) -> None:
        check_client(self)
        if self.http_config is not None:
            beside = [name for name in _CLIENT_KEYS if getattr(self, name) != _DEFAULTS[name]]
            if beside:
                raise WrongKeyError(beside[0], "stands beside http_config; move it into it")
        for key, headers in (("headers", self.headers), ("http_headers", self.client.http_headers)):
            for name in headers:
                if name.lower() in _HANDSHAKE:
                    raise WrongKeyError(key, f"cannot set {name!r}, which is the handshake's own")
        for key in ("proxy_url", "proxy_from_environment"):
            if getattr(self, key):
                raise WrongKeyError(key, "is not supported by the websocket prober")

    @property
    def client(self) -> HttpClient:
        """The keys of an HTTP client, wherever they stand."""
        return self if self.http_config is None else self.http_config

    @property
    def unused(self) -> tuple[str, ...]:
        """The keys that are read because blackbox_exporter reads them, and change nothing."""
        found = [
            key for key in ("proxy_url", "proxy_from_environment") if getattr(self.client, key)
        ]
        steps = self.query_response
        found += [
            f"query_response.{key}"
            for key in ("starttls", "expect_bytes")
            if any(getattr(step, key) for step in steps)
        ]
        return tuple(found)


_CLIENT_KEYS = HttpClient.__struct_fields__
_DEFAULTS = {name: getattr(HttpClient(), name) for name in _CLIENT_KEYS}
