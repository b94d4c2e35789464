"""The blackbox exporter as a role."""

from __future__ import annotations

from pillion_blackbox_exporter.command import COMMAND
from pillion_blackbox_exporter.service.concurrency import client_limits
from pillion_blackbox_exporter.service.exporter import BlackboxExporter
from pillion_blackbox_exporter.service.settings import route_prefix
from pillion_sidecar.roles.role import Role

ROLE = Role(
    "blackbox-exporter", COMMAND, BlackboxExporter, prefix=route_prefix, limits=client_limits
)
