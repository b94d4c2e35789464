"""The declaration of the output `forward`."""

from __future__ import annotations

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.reasons import NETWORK
from pillion_log_agent.outputs.forward.output import ForwardOutput
from pillion_log_agent.outputs.forward.properties import ForwardProperties

FORWARD = Declaration(
    name="forward",
    summary="Sends records to agents that speak fluentd's forward protocol.",
    properties=ForwardProperties,
    accepted={
        **{key: why for key, why in NETWORK.items() if not key.startswith("tls.proxy")},
        "fluentd_compat": "chunks are as fluentd takes them, always",
        "retain_metadata_in_forward_mode": "records have no metadata of their own here",
        "tls.debug": "errors of TLS are logged",
    },
    refused={"net.source_address": "let the system's routes choose the address"},
    build=ForwardOutput,
)
