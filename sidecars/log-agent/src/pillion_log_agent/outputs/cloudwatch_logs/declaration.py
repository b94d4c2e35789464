"""How `cloudwatch_logs` is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.outputs.aws.properties import ACCEPTED
from pillion_log_agent.outputs.cloudwatch_logs.properties import CloudWatchLogsProperties

if TYPE_CHECKING:
    from pillion_log_agent.outputs.output import Output, OutputContext


def _build(properties: CloudWatchLogsProperties, context: OutputContext) -> Output:
    from pillion_log_agent.outputs.cloudwatch_logs.output import (  # noqa: PLC0415
        CloudWatchLogsOutput,  # aiohttp's client and botocore, for those who send
    )

    return CloudWatchLogsOutput(properties, context)


CLOUDWATCH_LOGS = Declaration(
    name="cloudwatch_logs",
    summary="Sends records to Amazon CloudWatch Logs.",
    properties=CloudWatchLogsProperties,
    accepted=ACCEPTED,
    refused={"add_entity": "leave it off; events are found by the fields of the pod in them"},
    required=("region", "log_group_name"),
    build=_build,
)
