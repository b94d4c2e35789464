"""How `cloudwatch_logs` is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.outputs.aws.properties import ACCEPTED
from pillion_log_agent.outputs.cloudwatch_logs.properties import (
    CloudWatchLogsProperties,
    GoCloudWatchProperties,
)

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
CLOUDWATCH = Declaration(
    name="cloudwatch",
    summary="The same, as the plugin of AWS's own image, with fields as $(field) in its names.",
    properties=GoCloudWatchProperties,
    accepted={
        **ACCEPTED,
        "put_log_events_requests_per_second": "what CloudWatch has no room for is sent again",
        "http_request_timeout": "http.response_timeout bounds an answer",
    },
    refused={
        "new_log_group_tags": "tag the log group by infrastructure as code, or in the console",
        "credentials_endpoint": "set AWS_CONTAINER_CREDENTIALS_FULL_URI in the environment",
    },
    required=("region", "log_group_name"),
    build=_build,
)
