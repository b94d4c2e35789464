"""The properties of `kinesis_streams` and `kinesis_firehose`.

`kinesis` and `firehose` are the plugins in Go of AWS's own image: they end no record with a newline
unless asked to, and know more properties, which are taken under all names here.

Source: fluent-bit's manual, "Amazon Kinesis Data Streams" and "Amazon Data Firehose".
"""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import optional, setting
from pillion_log_agent.configuration.kinds import FLAG, LIST, TEXT, choice
from pillion_log_agent.outputs.aws.properties import ACCEPTED, AwsProperties


@dataclass(frozen=True, slots=True)
class RecordProperties(AwsProperties):
    """What both have."""

    log_key: str | None = optional(
        "log_key", TEXT, "The field that is the data of a record; else all are."
    )
    data_keys: tuple[str, ...] = setting(
        "data_keys", LIST, "The fields that are sent; all of them if not given.", default=()
    )
    time_key: str | None = optional("time_key", TEXT, "The field that the time becomes.")
    time_key_format: str = setting(
        "time_key_format",
        TEXT,
        "The time in strftime's letters; %3N and %9N are digits below the second.",
        default="%Y-%m-%dT%H:%M:%S",
    )
    compression: str | None = optional("compression", choice("gzip"), "Compress each record.")
    append_newline: bool = setting(
        "append_newline", FLAG, "End each record with a newline.", default=True
    )
    replace_dots: str | None = optional(
        "replace_dots", TEXT, "What takes the place of dots in names of fields."
    )


@dataclass(frozen=True, slots=True)
class StreamProperties(RecordProperties):
    """The properties of `kinesis_streams`, beside those of every output to AWS."""

    stream: str = setting("stream", TEXT, "The data stream.", default="")
    partition_key: str | None = optional(
        "partition_key", TEXT, "The field that chooses the shard; else records are spread."
    )


@dataclass(frozen=True, slots=True)
class GoStreamProperties(StreamProperties):
    """The properties of `kinesis`."""

    append_newline: bool = setting(
        "append_newline", FLAG, "End each record with a newline.", default=False
    )


@dataclass(frozen=True, slots=True)
class FirehoseProperties(RecordProperties):
    """The properties of `kinesis_firehose`, beside those of every output to AWS."""

    delivery_stream: str = setting("delivery_stream", TEXT, "The stream.", default="")


@dataclass(frozen=True, slots=True)
class GoFirehoseProperties(FirehoseProperties):
    """The properties of `firehose`."""

    append_newline: bool = setting(
        "append_newline", FLAG, "End each record with a newline.", default=False
    )


MORE_ACCEPTED = {
    **ACCEPTED,
    "http_request_timeout": "http.response_timeout bounds an answer",
    "experimental_concurrency": "requests go out one after the other, and records wait in the log",
    "experimental_concurrency_retries": "retry_limit says how often",
}
REFUSED = {
    "simple_aggregation": "leave it off; each record is one of the stream's",
    "aggregation": "leave it off; each record is one of the stream's",
}
