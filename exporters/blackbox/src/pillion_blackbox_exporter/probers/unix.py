"""Unix sockets: connects to a path, with TLS where wanted, and goes through a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_blackbox_exporter.probers.conversation import converse, expect_nothing_yet
from pillion_blackbox_exporter.probing.steps import connect_unix, secure

if TYPE_CHECKING:
    from pillion_blackbox_exporter.probing.probe import Probe


async def probe(probe: Probe) -> None:
    """Probe the path of a unix socket; see `unix` in the configuration."""
    section = probe.module.unix
    expect_nothing_yet(probe)
    stream = await connect_unix(probe, probe.target)
    server_name = section.tls_config.server_name
    try:
        if section.tls:
            await secure(probe, stream, section.tls_config, server_name)
        await converse(probe, stream, section.query_response, section.tls_config, server_name)
    finally:
        stream.close()
