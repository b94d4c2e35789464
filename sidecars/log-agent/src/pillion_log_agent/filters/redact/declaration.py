"""The filter `redact`: its declaration."""

from __future__ import annotations

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.filters.redact.filter import RedactFilter
from pillion_log_agent.filters.redact.properties import RedactProperties

REDACT = Declaration(
    name="redact",
    summary="Replaces personal data and secrets in the values of records.",
    properties=RedactProperties,
    build=RedactFilter,
)
