"""The `grpc` section of a module."""

from __future__ import annotations

import msgspec

from pillion.configuration import WrongKeyError
from pillion_blackbox_exporter.configuration.client import TlsConfig
from pillion_blackbox_exporter.configuration.http import IpProtocol
from pillion_blackbox_exporter.configuration.kinds import Secret


class GrpcSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which service's health is asked for, and how.

    The values of metadata are secrets, since that is where tokens go.
    """

    service: str = ""
    tls: bool = False
    tls_config: TlsConfig = TlsConfig()
    ip_protocol_fallback: bool = True
    preferred_ip_protocol: IpProtocol = ""
    metadata: dict[str, tuple[Secret, ...]] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.metadata:
            return
        # 0.1 MB, and only where metadata is configured
        from pillion_blackbox_exporter.configuration.metadata import (  # noqa: PLC0415  # where metadata is
            metadata_field,
        )

        for key, values in self.metadata.items():
            for value in values:
                try:
                    metadata_field(key, value.reveal())
                except ValueError as error:
                    raise WrongKeyError("metadata", str(error)) from None
