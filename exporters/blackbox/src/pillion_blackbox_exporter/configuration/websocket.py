"""The `websocket` section of a module (newer than blackbox_exporter 0.28)."""

from __future__ import annotations

import msgspec

from pillion_blackbox_exporter.configuration.client import HeaderValues, HttpClient, check_client
from pillion_blackbox_exporter.configuration.http import IpProtocol
from pillion_blackbox_exporter.configuration.stream import QueryResponse


class WebsocketSection(HttpClient, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the upgrade is asked for, and what is said over it."""

    preferred_ip_protocol: IpProtocol = ""
    ip_protocol_fallback: bool = True
    headers: dict[str, HeaderValues] = msgspec.field(default_factory=dict)
    query_response: tuple[QueryResponse, ...] = ()

    def __post_init__(self) -> None:
        check_client(self)
