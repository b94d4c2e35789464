"""The log agent as a role."""

from __future__ import annotations

from functools import partial

from pillion_log_agent.command import COMMAND
from pillion_log_agent.service import Agent
from pillion_log_agent.service_flags import with_service
from pillion_sidecar.roles.role import Role

_SHOWN_BY = "it prints something and ends; run the log agent by itself for that"

ROLE = Role(
    "log-agent",
    COMMAND,
    Agent,
    refused=dict.fromkeys(("config.convert", "config.explain", "tag"), _SHOWN_BY),
    ships_logs=True,
    flags=partial(with_service, COMMAND),
)
