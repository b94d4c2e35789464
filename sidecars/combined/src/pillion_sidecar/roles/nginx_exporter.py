"""The nginx exporter as a role."""

from __future__ import annotations

from pillion_nginx_exporter.command import COMMAND
from pillion_nginx_exporter.exporter import NginxExporter
from pillion_sidecar.roles.role import Role

ROLE = Role("nginx-exporter", COMMAND, NginxExporter)
