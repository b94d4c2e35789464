"""The output `datadog`: records to Datadog's log intake.

Source: fluent-bit's manual, "Datadog"; Datadog's API, "Send logs" (`POST /api/v2/logs`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion.settings import optional, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, PORT, TEXT, choice
from pillion_log_agent.outputs.http_sender import (
    ACCEPTED,
    NOT_HAD,
    HttpProperties,
    HttpSender,
    is_taken,
)
from pillion_log_agent.outputs.output import TAKEN
from pillion_log_agent.outputs.splitting import rows, split, write_parts
from pillion_log_agent.records.wire import from_wire, json_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.outputs.output import Outcome, OutputContext
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record

MOST_LOGS = 1000
"""In one request, as the API says."""
_MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class DatadogProperties(HttpProperties):
    """The properties of `datadog`, beside those of every output over HTTP."""

    host: str = setting("host", TEXT, "The intake.", default="http-intake.logs.datadoghq.com")
    port: int = setting("port", PORT, "Its port.", default=443)
    tls: bool = setting("tls", FLAG, "Whether to use TLS.", default=True)
    apikey: str = setting("apikey", TEXT, "The API key.", default="")
    compress: str | None = optional(
        "compress", choice("gzip", "off", "false"), "Compress what is sent."
    )
    dd_service: str | None = optional("dd_service", TEXT, "The service.")
    dd_source: str | None = optional("dd_source", TEXT, "The source, such as nginx.")
    dd_tags: str | None = optional("dd_tags", TEXT, "Tags: key:value,key:value.")
    dd_hostname: str | None = optional("dd_hostname", TEXT, "The host.")
    dd_message_key: str | None = optional("dd_message_key", TEXT, "The field that becomes message.")
    include_tag_key: bool = setting("include_tag_key", FLAG, "Add the tag.", default=False)
    tag_key: str = setting("tag_key", TEXT, "The field of the tag.", default="tagkey")
    json_date_key: str = setting(
        "json_date_key", TEXT, "The field of the time in milliseconds.", default="timestamp"
    )


class DatadogOutput:
    """Sends logs."""

    delay = True

    def __init__(self, properties: DatadogProperties, context: OutputContext) -> None:
        if not properties.apikey:
            raise ValueError("apikey is missing")
        named = {
            "service": properties.dd_service,
            "ddsource": properties.dd_source,
            "ddtags": properties.dd_tags,
            "hostname": properties.dd_hostname,
        }
        self._named = {name: value for name, value in named.items() if value is not None}
        self._message = properties.dd_message_key
        self._tag_key = properties.tag_key if properties.include_tag_key else None
        self._time_key = properties.json_date_key
        self._sender = HttpSender(
            properties,
            context,
            content_type="application/json",
            headers={"DD-API-KEY": properties.apikey},
        )

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Send the batches, a thousand logs in a request at most.

        Raises:
            TransientError: the server is not there, is busy, or does not let us in.
        """
        if sum(map(len, batches)) <= MOST_LOGS:
            return await self._post(batches)
        parts = [
            rows(number, batch, list(range(start, min(start + MOST_LOGS, len(batch)))))
            for number, batch in enumerate(batches)
            for start in range(0, len(batch), MOST_LOGS)
        ]
        return await write_parts(parts, self._post)

    async def _post(self, batches: Sequence[Batch]) -> Outcome:
        logs = [log for batch in batches for log in self._logs(batch)]
        answer = await self._sender.post("/api/v2/logs", [from_wire(json_of(logs))])
        if is_taken(answer):
            return TAKEN
        return await split(batches, self._post, str(answer.status), self._sender.words(answer))

    def _logs(self, batch: Batch) -> list[Record]:
        return [
            self._log(record, time, batch.tag)
            for record, time in zip(batch.decoded(), batch.times.nanoseconds(), strict=True)
        ]

    def _log(self, record: Record, time: int, tag: str) -> Record:
        found: dict[str, Any] = {self._time_key: time // _MILLISECOND, **self._named}
        if self._tag_key is not None:
            found[self._tag_key] = tag
        for key, value in record.items():
            if key == self._message:
                found["message"] = value
            elif key == "ddtags" and "ddtags" in found:
                found["ddtags"] = f"{found['ddtags']},{value}"
            else:
                found[key] = value
        return found

    async def close(self) -> None:
        """Close the connection."""
        await self._sender.close()


DATADOG = Declaration(
    name="datadog",
    summary="Sends logs to Datadog.",
    properties=DatadogProperties,
    accepted={**ACCEPTED, "provider": "the tags of the configuration are sent as they are"},
    refused=NOT_HAD,
    build=DatadogOutput,
)
