"""The `grpc` section of a module."""

from __future__ import annotations

import msgspec

from pillion_blackbox_exporter.configuration.client import TlsConfig
from pillion_blackbox_exporter.configuration.http import IpProtocol


class GrpcSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which service's health is asked for, and how."""

    service: str = ""
    tls: bool = False
    tls_config: TlsConfig = TlsConfig()
    ip_protocol_fallback: bool = True
    preferred_ip_protocol: IpProtocol = ""
    metadata: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
