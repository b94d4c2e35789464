"""ICMP: sends one echo request and waits for the reply that matches it.

Other than blackbox_exporter it does not wait on when a router says that the target is out of
reach or that the TTL was used up: nothing would come.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pillion.net import connection_error
from pillion_blackbox_exporter.probers.durations import report_durations
from pillion_blackbox_exporter.probers.icmp.echo import (
    Echo,
    hop_limit,
    payload_of,
    without_ip_header,
)
from pillion_blackbox_exporter.probers.icmp.sockets import open_icmp
from pillion_blackbox_exporter.probing.report import Gauge
from pillion_blackbox_exporter.probing.steps import resolve

if TYPE_CHECKING:
    from pillion_blackbox_exporter.network.datagrams import Datagram
    from pillion_blackbox_exporter.probers.icmp.sockets import IcmpSocket
    from pillion_blackbox_exporter.probing.probe import Probe

DURATION = Gauge("probe_icmp_duration_seconds", "How long each phase of the echo took")
HOP_LIMIT = Gauge("probe_icmp_reply_hop_limit", "The hop limit of the reply; the TTL for IPv4")

_HEADERS_LIMIT = 128  # of IPv4 with options, and of ICMP
_PHASES = {"resolve": ("resolve",), "setup": ("setup",), "rtt": ("rtt",)}


async def probe(probe: Probe) -> None:
    """Probe a host's name or address; see `icmp` in the configuration."""
    section = probe.module.icmp
    try:
        address = await resolve(
            probe,
            "icmp",
            probe.target,
            0,
            section.preferred_ip_protocol,
            fallback=section.ip_protocol_fallback,
        )
        probe.trace.begin("setup")
        opened = open_icmp(probe, section, probe.target, address)
        try:
            payload = payload_of(section.payload_size)
            number = int.from_bytes(os.urandom(4), "big")
            identifier = number >> 16 if opened.is_raw else None
            echo = Echo(opened.version, identifier, number & 0xFFFF, payload)
            probe.log.debug("sending an echo request", raw=opened.is_raw, size=len(payload))
            reply = await _exchange(probe, opened, echo, address)
        finally:
            opened.datagrams.close()
    finally:
        report_durations(probe, DURATION, _PHASES)
    limit = hop_limit(reply.ancillary)
    if limit is not None:
        probe.report.set(HOP_LIMIT, limit)


async def _exchange(probe: Probe, opened: IcmpSocket, echo: Echo, address: str) -> Datagram:
    request = echo.encode()
    probe.trace.begin("rtt")
    opened.datagrams.send(request)
    source = address.partition("%")[0]
    try:
        while True:
            came = await opened.datagrams.receive(len(request) + _HEADERS_LIMIT)
            has_header = opened.is_raw and opened.version == 4  # noqa: PLR2004
            packet = without_ip_header(came.data) if has_header else came.data
            if came.source == source and echo.is_answered_by(packet):
                probe.trace.end(came.moment)
                return came
            probe.log.debug("let pass a packet that is not the reply", source=came.source)
    except OSError as error:
        raise connection_error(error, "waiting for the reply") from None
