"""How `es` and `opensearch` are declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.reasons import NETWORK
from pillion_log_agent.outputs.elasticsearch.properties import BulkProperties

if TYPE_CHECKING:
    from pillion_log_agent.outputs.output import Output, OutputContext


def _build(properties: BulkProperties, context: OutputContext) -> Output:
    from pillion_log_agent.outputs.elasticsearch.output import (  # noqa: PLC0415
        BulkOutput,  # aiohttp's client, for those who send
    )

    return BulkOutput(properties, context)


_ACCEPTED = {
    "buffer_size": "an answer is read whole, up to 64 MiB",
    "trace_output": "the log does not hold records",
    "trace_error": "a refused record goes to the dead-letter file with the reason",
    **NETWORK,
    "tls.debug": "errors of TLS are logged",
}
_REFUSED = {
    "upstream": "give one output for each server, or a host name that stands for all of them",
    "net.source_address": "let the system's routes choose the address",
}


ELASTICSEARCH = Declaration(
    name="es",
    summary="Sends to Elasticsearch over its bulk API.",
    properties=BulkProperties,
    accepted=_ACCEPTED,
    refused=_REFUSED,
    build=_build,
)
OPENSEARCH = Declaration(
    name="opensearch",
    summary="Sends to OpenSearch over its bulk API.",
    properties=BulkProperties,
    accepted=_ACCEPTED,
    refused=_REFUSED,
    build=_build,
)
