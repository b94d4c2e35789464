"""How `kinesis_streams`, `kinesis_firehose`, `kinesis` and `firehose` are declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.outputs.kinesis.properties import (
    MORE_ACCEPTED,
    REFUSED,
    FirehoseProperties,
    GoFirehoseProperties,
    GoStreamProperties,
    StreamProperties,
)

if TYPE_CHECKING:
    from pillion_log_agent.outputs.output import Output, OutputContext


def _build_streams(properties: StreamProperties, context: OutputContext) -> Output:
    from pillion_log_agent.outputs.kinesis.output import (  # noqa: PLC0415
        streams_output,  # aiohttp's client and botocore, for those who send
    )

    return streams_output(properties, context)


def _build_firehose(properties: FirehoseProperties, context: OutputContext) -> Output:
    from pillion_log_agent.outputs.kinesis.output import (  # noqa: PLC0415
        firehose_output,  # as above
    )

    return firehose_output(properties, context)


KINESIS_STREAMS = Declaration(
    name="kinesis_streams",
    summary="Puts records into a data stream of Amazon Kinesis.",
    properties=StreamProperties,
    accepted=MORE_ACCEPTED,
    refused=REFUSED,
    required=("region", "stream"),
    build=_build_streams,
)
KINESIS = Declaration(
    name="kinesis",
    summary="The same, as the plugin of AWS's own image.",
    properties=GoStreamProperties,
    accepted=MORE_ACCEPTED,
    refused=REFUSED,
    required=("region", "stream"),
    build=_build_streams,
)
KINESIS_FIREHOSE = Declaration(
    name="kinesis_firehose",
    summary="Puts records into a stream of Amazon Data Firehose.",
    properties=FirehoseProperties,
    accepted=MORE_ACCEPTED,
    refused=REFUSED,
    required=("region", "delivery_stream"),
    build=_build_firehose,
)
FIREHOSE = Declaration(
    name="firehose",
    summary="The same, as the plugin of AWS's own image.",
    properties=GoFirehoseProperties,
    accepted=MORE_ACCEPTED,
    refused=REFUSED,
    required=("region", "delivery_stream"),
    build=_build_firehose,
)
