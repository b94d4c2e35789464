"""A module: a prober, its time, and what it is to do."""

from __future__ import annotations

from typing import Literal

import msgspec

from pillion_blackbox_exporter.configuration.dns import DnsSection
from pillion_blackbox_exporter.configuration.grpc import GrpcSection
from pillion_blackbox_exporter.configuration.http import HttpSection
from pillion_blackbox_exporter.configuration.icmp import IcmpSection
from pillion_blackbox_exporter.configuration.kinds import Duration
from pillion_blackbox_exporter.configuration.stream import TcpSection, UnixSection
from pillion_blackbox_exporter.configuration.websocket import WebsocketSection


class Module(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One entry below `modules`.

    Attributes:
        prober: the name of a row in the table of probers.
        timeout: seconds; 0 leaves it to the scrape.
        addresses: which of the target's addresses are probed (not in blackbox_exporter).
    """

    prober: str = ""
    timeout: Duration = Duration(0)
    addresses: Literal["first", "any", "all"] = "first"
    http: HttpSection = HttpSection()
    tcp: TcpSection = TcpSection()
    unix: UnixSection = UnixSection()
    dns: DnsSection = DnsSection()
    icmp: IcmpSection = IcmpSection()
    grpc: GrpcSection = GrpcSection()
    websocket: WebsocketSection = WebsocketSection()


_ABOUT_ALL = ("prober", "timeout", "addresses")
PROBER_NAMES = tuple(sorted(set(Module.__struct_fields__).difference(_ABOUT_ALL)))
"""What `prober` may be: each has a section, and a row in the table of probers."""
