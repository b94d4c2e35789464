"""The declaration of the input `forward`."""

from __future__ import annotations

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.reasons import NETWORK, NO_DISK, ONE_THREAD
from pillion_log_agent.inputs.forward.input import ForwardInput
from pillion_log_agent.inputs.forward.properties import ForwardInputProperties

_PEER = {
    key: why
    for key, why in NETWORK.items()
    if not key.startswith("tls.") and key != "net.proxy_env_ignore"
}
FORWARD_INPUT = Declaration(
    name="forward",
    summary="Takes records from agents and applications that speak fluentd's forward protocol.",
    properties=ForwardInputProperties,
    accepted={
        **_PEER,
        "buffer_chunk_size": "what is there is read, 64 KiB at a time",
        "workers": ONE_THREAD,
        "net.backlog": "128 connections may wait",
        "net.share_port": "the socket is kept open over a reload",
        "storage.type": NO_DISK,
    },
    build=ForwardInput,
)
