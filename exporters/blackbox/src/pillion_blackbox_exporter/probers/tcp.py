"""TCP: connects, with TLS where wanted, and goes through the conversation that is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_blackbox_exporter.probers.conversation import converse, expect_nothing_yet
from pillion_blackbox_exporter.probing.address import split_host_port
from pillion_blackbox_exporter.probing.steps import connect, resolve, secure

if TYPE_CHECKING:
    from pillion_blackbox_exporter.probing.probe import Probe


async def probe(probe: Probe) -> None:
    """Probe `host:port`; see `tcp` in the configuration."""
    section = probe.module.tcp
    expect_nothing_yet(probe)
    host, port = split_host_port(probe.target)
    address = await resolve(
        probe,
        "tcp",
        host,
        port,
        section.preferred_ip_protocol,
        fallback=section.ip_protocol_fallback,
    )
    stream = await connect(probe, "tcp", host, address, port, source=section.source_ip_address)
    server_name = section.tls_config.server_name or probe.hostname or host
    try:
        if section.tls:
            await secure(probe, stream, section.tls_config, server_name)
        await converse(probe, stream, section.query_response, section.tls_config, server_name)
    finally:
        stream.close()
