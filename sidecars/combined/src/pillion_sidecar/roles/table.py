"""The roles by their names, which are those of their images."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pillion_sidecar.roles.role import Role

ROLES = {
    "nginx-exporter": "pillion_sidecar.roles.nginx_exporter:ROLE",
    "blackbox-exporter": "pillion_sidecar.roles.blackbox_exporter:ROLE",
    "log-streamer": "pillion_sidecar.roles.log_streamer:ROLE",
    "log-agent": "pillion_sidecar.roles.log_agent:ROLE",
}


def load(name: str) -> Role:
    """Return a role by its name, and import what it needs."""
    module, _, attribute = ROLES[name].partition(":")
    return cast("Role", getattr(import_module(module), attribute))
