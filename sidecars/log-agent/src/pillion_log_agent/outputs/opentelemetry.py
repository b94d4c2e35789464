"""The output `opentelemetry`: records as logs of OTLP over HTTP, in protobuf.

Source: fluent-bit's manual, "OpenTelemetry"; the OTLP specification 1.5, "OTLP/HTTP".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError, TransientError
from pillion.settings import repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, NUMBER, PAIR, PORT, TEXT
from pillion_log_agent.outputs.http_sender import (
    ACCEPTED,
    NOT_HAD,
    HttpProperties,
    HttpSender,
    is_taken,
)
from pillion_log_agent.outputs.output import TAKEN, Outcome, Rejection
from pillion_log_agent.outputs.splitting import split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion_log_agent.outputs.http_client import Answer
    from pillion_log_agent.outputs.output import OutputContext
    from pillion_log_agent.records.batch import Batch


@dataclass(frozen=True, slots=True)
class OpenTelemetryProperties(HttpProperties):
    """The properties of `opentelemetry`, beside those of every output over HTTP."""

    port: int = setting("port", PORT, "Its port: 4318 of a collector.", default=80)
    logs_uri: str = setting("logs_uri", TEXT, "The path.", default="/v1/logs")
    logs_body_key: tuple[str, ...] = repeated(
        "logs_body_key", TEXT, "The field that is the body; log and message if not given."
    )
    logs_body_key_attributes: bool = setting(
        "logs_body_key_attributes",
        FLAG,
        "The other fields become attributes; without it the record is the body.",
        default=False,
    )
    logs_severity_text_message_key: str = setting(
        "logs_severity_text_message_key",
        TEXT,
        "The field of the severity's text.",
        default="$SeverityText",
    )
    logs_severity_number_message_key: str = setting(
        "logs_severity_number_message_key",
        TEXT,
        "The field of its number.",
        default="$SeverityNumber",
    )
    logs_trace_id_message_key: str = setting(
        "logs_trace_id_message_key",
        TEXT,
        "The field of the trace's id, in hexadecimal.",
        default="$TraceId",
    )
    logs_span_id_message_key: str = setting(
        "logs_span_id_message_key", TEXT, "The field of the span's id.", default="$SpanId"
    )
    add_label: tuple[tuple[str, ...], ...] = repeated(
        "add_label", PAIR, "An attribute of the resource."
    )
    batch_size: int = setting("batch_size", NUMBER, "The most logs in a scope.", default=1000)


class OpenTelemetryOutput:
    """Sends logs to a collector."""

    delay = True

    def __init__(self, properties: OpenTelemetryProperties, context: OutputContext) -> None:
        try:
            from pillion_log_agent.outputs.otlp_logs import (  # protobuf: 9 MB  # noqa: PLC0415
                LogFields,
                encode,
                read_partial_success,
            )
        except ImportError:
            raise ConfigurationError(
                "opentelemetry needs opentelemetry-proto, which is not installed: "
                "pip install 'pillion-log-agent[opentelemetry]'"
            ) from None
        fields = LogFields(
            properties.logs_body_key,
            properties.logs_severity_text_message_key,
            properties.logs_severity_number_message_key,
            properties.logs_trace_id_message_key,
            properties.logs_span_id_message_key,
            has_attributes=properties.logs_body_key_attributes,
        )
        resource = {pair[0]: pair[1] for pair in properties.add_label}
        self._encode: Callable[[Sequence[Batch]], bytes] = partial(
            encode, fields=fields, resource=resource
        )
        self._read = read_partial_success
        self._uri = properties.logs_uri
        self._log = context.log
        self._sender = HttpSender(properties, context, content_type="application/x-protobuf")

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Send the batches in one request.

        Raises:
            TransientError: the server is not there, is busy, or does not let us in.
        """
        answer = await self._sender.post(self._uri, [self._encode(batches)])
        if is_taken(answer):
            return self._taken(batches, answer)
        return await split(batches, self.write, str(answer.status), self._sender.words(answer))

    def _taken(self, batches: Sequence[Batch], answer: Answer) -> Outcome:
        """Return what an answer of success says of records that are refused all the same."""
        try:
            rejected, words = self._read(answer.body)
        except ValueError:
            raise TransientError(
                f"{self._sender.endpoint} answered what is no answer of OTLP", reason="protocol"
            ) from None
        if not rejected:
            return TAKEN
        if rejected >= sum(map(len, batches)):
            return Outcome(
                [
                    Rejection(number, index, "partial", words)
                    for number, batch in enumerate(batches)
                    for index in range(len(batch))
                ]
            )
        # Which of them it was is not said, and the specification forbids to send them again.
        self._log.warning(
            "the collector has refused some records of a request", records=rejected, detail=words
        )
        return TAKEN

    async def close(self) -> None:
        """Close the connection."""
        await self._sender.close()


_NO_METADATA = "records have no metadata of their own here"
OPENTELEMETRY = Declaration(
    name="opentelemetry",
    summary="Sends logs to an OpenTelemetry collector.",
    properties=OpenTelemetryProperties,
    accepted={
        **ACCEPTED,
        **dict.fromkeys(
            ("metrics_uri", "traces_uri", "profiles_uri"), "records are logs; there are no others"
        ),
        **dict.fromkeys(
            (
                "grpc_logs_uri",
                "grpc_metrics_uri",
                "grpc_traces_uri",
                "grpc_profiles_uri",
                "logs_max_resources",
                "logs_max_scopes",
            ),
            "it counts with grpc only",
        ),
        **dict.fromkeys(
            (
                "logs_metadata_key",
                "logs_observed_timestamp_metadata_key",
                "logs_timestamp_metadata_key",
                "logs_severity_text_metadata_key",
                "logs_severity_number_metadata_key",
                "logs_trace_flags_metadata_key",
                "logs_span_id_metadata_key",
                "logs_trace_id_metadata_key",
                "logs_attributes_metadata_key",
                "logs_instrumentation_scope_metadata_key",
                "logs_resource_metadata_key",
            ),
            _NO_METADATA,
        ),
        "http2": "OTLP over HTTP/1.1 is taken by every collector",
    },
    refused={**NOT_HAD, "grpc": "send over HTTP, which every collector takes, mostly on port 4318"},
    build=OpenTelemetryOutput,
)
