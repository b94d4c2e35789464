"""The `dns` section of a module."""

from __future__ import annotations

from typing import Literal

import msgspec

from pillion.configuration import WrongKeyError
from pillion_blackbox_exporter.configuration.client import TlsConfig
from pillion_blackbox_exporter.configuration.http import IpProtocol
from pillion_blackbox_exporter.configuration.kinds import Pattern
from pillion_blackbox_exporter.configuration.stream import check_source_address


class RecordValidator(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the records of one part of the answer must look like, each as one line of text."""

    fail_if_matches_regexp: tuple[Pattern, ...] = ()
    fail_if_all_match_regexp: tuple[Pattern, ...] = ()
    fail_if_not_matches_regexp: tuple[Pattern, ...] = ()
    fail_if_none_matches_regexp: tuple[Pattern, ...] = ()


class DnsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is asked of a name server, and what its answer must be."""

    preferred_ip_protocol: IpProtocol = ""
    ip_protocol_fallback: bool = True
    dns_over_tls: bool = False
    tls_config: TlsConfig = TlsConfig()
    source_ip_address: str = ""
    transport_protocol: Literal["", "udp", "tcp"] = ""
    query_class: str = ""
    query_name: str = ""
    query_type: str = ""
    recursion_desired: bool = True
    valid_rcodes: tuple[str, ...] = ()
    validate_answer_rrs: RecordValidator = RecordValidator()
    validate_authority_rrs: RecordValidator = RecordValidator()
    validate_additional_rrs: RecordValidator = RecordValidator()

    def __post_init__(self) -> None:
        check_source_address(self.source_ip_address)
        if self.dns_over_tls and self.transport_protocol == "udp":
            raise WrongKeyError("transport_protocol", "must be tcp where dns_over_tls is true")

    @property
    def is_over_tcp(self) -> bool:
        """Whether it is asked over TCP; TLS wants it, otherwise UDP is the default."""
        return self.dns_over_tls or self.transport_protocol == "tcp"
