"""The input `systemd`: its declaration."""

from __future__ import annotations

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.inputs.systemd.input import SystemdInput
from pillion_log_agent.inputs.systemd.properties import SystemdProperties

SYSTEMD = Declaration(
    name="systemd",
    summary="Reads the journal of a node.",
    properties=SystemdProperties,
    accepted={"db.sync": "the position is synced at every write"},
    build=SystemdInput,
)
