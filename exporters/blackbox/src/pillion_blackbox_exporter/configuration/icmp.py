"""The `icmp` section of a module."""

from __future__ import annotations

import msgspec

from pillion.configuration import WrongKeyError
from pillion_blackbox_exporter.configuration.http import IpProtocol
from pillion_blackbox_exporter.configuration.stream import check_source_address

MAX_TTL = 255
MAX_PAYLOAD = 65_507


class IcmpSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an echo request looks like."""

    preferred_ip_protocol: IpProtocol = ""
    ip_protocol_fallback: bool = True
    source_ip_address: str = ""
    payload_size: int = 0
    dont_fragment: bool = False
    ttl: int = 64

    def __post_init__(self) -> None:
        check_source_address(self.source_ip_address)
        if not 0 <= self.ttl <= MAX_TTL:
            raise WrongKeyError("ttl", f"must be between 0 and {MAX_TTL}, not {self.ttl}")
        if not 0 <= self.payload_size <= MAX_PAYLOAD:
            raise WrongKeyError(
                "payload_size", f"must be between 0 and {MAX_PAYLOAD}, not {self.payload_size}"
            )
