"""The output `google_cloud`: structured JSON on standard output, which Google's agents read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.outputs.google_cloud.entry import structured
from pillion_log_agent.outputs.output import TAKEN
from pillion_log_agent.outputs.stackdriver.properties import StackdriverProperties
from pillion_log_agent.outputs.stdout import write_standard_output
from pillion_log_agent.records.wire import json_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.outputs.output import Outcome, Output, OutputContext
    from pillion_log_agent.records.batch import Batch

_PRINTED = "what is printed is read by Google's agent, which knows it"
_THEIRS = (
    "project_id", "zone", "vm_id", "vm_name", "use_metadata_service", "detect_subservice",
    "detect_json", "k8s_cluster_name", "k8s_cluster_location", "use_grpc", "enable_monitoring",
    "monitoring_type", "split_logs_by_tag", "partial_success", "autoformat_stackdriver_trace",
    "adjust_invalid_timestamps", "coerce_to_utf8", "require_valid_tags", "statusz_port",
)  # fmt: skip
CREDENTIALS = "GOOGLE_APPLICATION_CREDENTIALS"


@dataclass(frozen=True, slots=True)
class GoogleCloudProperties:
    """It has none."""


class GoogleCloudOutput:
    """Prints records for Google's agent."""

    delay = False

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Print batches.

        Raises:
            TransientError: nobody reads standard output any more.
        """
        for batch in batches:
            rows = zip(batch.decoded(), batch.times.iso(9), strict=True)
            entries = [structured(record, f"{time}Z", batch.tag) for record, time in rows]
            await write_standard_output(json_lines(entries))
        return TAKEN

    async def close(self) -> None:
        """Standard output stays open."""


def _build(_properties: GoogleCloudProperties, context: OutputContext) -> Output:
    """Return what writes entries where there is a key of a service account, else what prints."""
    if not os.environ.get(CREDENTIALS):
        return GoogleCloudOutput()
    from pillion_log_agent.outputs.stackdriver.output import (  # noqa: PLC0415
        StackdriverOutput,  # aiohttp's client, for those who send
    )

    return StackdriverOutput(StackdriverProperties(severity_key="severity"), context)


GOOGLE_CLOUD = Declaration(
    name="google_cloud",
    summary="Prints records as structured JSON for Google's node agent; writes entries with a key.",
    properties=GoogleCloudProperties,
    accepted=dict.fromkeys(_THEIRS, _PRINTED),
    build=_build,
)
