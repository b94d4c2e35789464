"""How `stackdriver` is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.reasons import NETWORK
from pillion_log_agent.outputs.stackdriver.properties import StackdriverProperties

if TYPE_CHECKING:
    from pillion_log_agent.outputs.output import Output, OutputContext


def _build(properties: StackdriverProperties, context: OutputContext) -> Output:
    from pillion_log_agent.outputs.stackdriver.output import (  # noqa: PLC0415
        StackdriverOutput,  # aiohttp's client, for those who send
    )

    return StackdriverOutput(properties, context)


_KEY = "give the whole key of the service account in google_service_credentials"
STACKDRIVER = Declaration(
    name="stackdriver",
    summary="Writes records as entries to Google Cloud Logging.",
    properties=StackdriverProperties,
    accepted={
        **NETWORK,
        "tls.debug": "errors of TLS are logged",
        "stackdriver_agent": "requests say pillion-log-agent",
    },
    refused={
        "service_account_email": _KEY,
        "service_account_secret": _KEY,
        "test_log_entry_format": "it is for fluent-bit's own tests",
    },
    build=_build,
)
