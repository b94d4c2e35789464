"""The command `pillion-blackbox-exporter`."""

from __future__ import annotations

from pillion.process import ProcessSettings, WebSettings
from pillion.process.run import run
from pillion.settings import Address, Command, Override
from pillion_blackbox_exporter.service.concurrency import client_limits
from pillion_blackbox_exporter.service.exporter import BlackboxExporter
from pillion_blackbox_exporter.service.settings import (
    BlackboxSettings,
    ProbeSettings,
    route_prefix,
)

COMMAND = Command(
    "pillion-blackbox-exporter",
    "Probes targets over HTTP, TCP, DNS, ICMP, gRPC and more, for Prometheus.",
    (BlackboxSettings, ProbeSettings, WebSettings, ProcessSettings),
    {"web.listen-address": Override(default=(Address("", 9115),))},
)


def main() -> int:
    """Run the exporter until it is told to stop; return the exit status."""
    return run(COMMAND, BlackboxExporter, prefix=route_prefix, limits=client_limits)
