"""The `tcp` and `unix` sections of a module: a conversation over a stream."""

from __future__ import annotations

import re

import msgspec

from pillion.configuration import WrongKeyError
from pillion_blackbox_exporter.configuration.client import TlsConfig
from pillion_blackbox_exporter.configuration.http import IpProtocol
from pillion_blackbox_exporter.configuration.kinds import ByteText, Pattern

_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A label of `probe_expect_info`; its value may hold `${1}` of the match."""

    name: str = ""
    value: str = ""

    def __post_init__(self) -> None:
        if not _LABEL_NAME.fullmatch(self.name) or self.name.startswith("__"):
            raise WrongKeyError("name", f"{self.name!r} is not a label name")


class QueryResponse(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One step: what must come, then what is sent, then whether TLS begins."""

    expect: Pattern | None = None
    expect_bytes: ByteText = ByteText()
    labels: tuple[Label, ...] = ()
    send: ByteText = ByteText()
    starttls: bool = False

    def __post_init__(self) -> None:
        if self.expect is not None and self.expect_bytes:
            raise ValueError("has both expect and expect_bytes; one of them is enough")
        names = [label.name for label in self.labels]
        if len(set(names)) < len(names):
            raise ValueError("has a label twice")


class TcpSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How to connect over TCP, and what to say."""

    preferred_ip_protocol: IpProtocol = ""
    ip_protocol_fallback: bool = True
    source_ip_address: str = ""
    query_response: tuple[QueryResponse, ...] = ()
    tls: bool = False
    tls_config: TlsConfig = TlsConfig()

    def __post_init__(self) -> None:
        check_source_address(self.source_ip_address)


class UnixSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to say over a unix socket."""

    query_response: tuple[QueryResponse, ...] = ()
    tls: bool = False
    tls_config: TlsConfig = TlsConfig()


def check_source_address(address: str) -> None:
    """Raise ValueError when a source address is given that is none."""
    import ipaddress  # 1 MB with the first use  # noqa: PLC0415

    if not address:
        return
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise WrongKeyError("source_ip_address", f"{address!r} is not an IP address") from None
