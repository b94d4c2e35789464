"""The properties of `cloudwatch_logs`.

Source: fluent-bit's manual, "Amazon CloudWatch".
"""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import Kind, optional, setting
from pillion_log_agent.configuration.kinds import FLAG, NUMBER, TEXT
from pillion_log_agent.outputs.aws.properties import AwsProperties

_CLASSES = ("STANDARD", "INFREQUENT_ACCESS")
_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


def _dimensions(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(
        names
        for group in text.split(";")
        if (names := tuple(name for each in group.split(",") if (name := each.strip())))
    )


def _days(text: str) -> int:
    days = NUMBER.parse(text)
    if days and days not in _DAYS:
        raise ValueError(f"is not a number of days that AWS takes; write one of {_DAYS}")
    return days


def _class(text: str) -> str:
    if text.upper() not in _CLASSES:
        raise ValueError(f"is not a class of log groups; write {' or '.join(_CLASSES)}")
    return text.upper()


@dataclass(frozen=True, slots=True)
class CloudWatchLogsProperties(AwsProperties):
    """The properties of `cloudwatch_logs`, beside those of every output to AWS."""

    log_group_name: str = setting("log_group_name", TEXT, "The log group.", default="")
    log_stream_name: str | None = optional("log_stream_name", TEXT, "The log stream.")
    log_stream_prefix: str | None = optional(
        "log_stream_prefix", TEXT, "What stands before the tag in the name of the log stream."
    )
    log_group_template: str | None = optional(
        "log_group_template",
        TEXT,
        "The log group with fields in it, or $TAG; log_group_name where one is missing.",
    )
    log_stream_template: str | None = optional(
        "log_stream_template", TEXT, "The log stream likewise."
    )
    log_key: str | None = optional("log_key", TEXT, "The field that is the event; else all are.")
    log_format: str | None = optional(
        "log_format", TEXT, "The format for CloudWatch, such as json/emf for embedded metrics."
    )
    auto_create_group: bool = setting(
        "auto_create_group", FLAG, "Create log groups that are not there.", default=False
    )
    log_group_class: str | None = optional(
        "log_group_class",
        Kind("STANDARD|INFREQUENT_ACCESS", _class),
        "The class of log groups that are created.",
    )
    log_retention_days: int = setting(
        "log_retention_days",
        Kind("DAYS", _days),
        "How long a log group that is created keeps events; 0 for ever.",
        default=0,
    )
    metric_namespace: str = setting(
        "metric_namespace",
        TEXT,
        "The namespace of metrics that records of the inputs cpu and mem become.",
        default="fluent-bit-metrics",
    )
    metric_dimensions: tuple[tuple[str, ...], ...] = setting(
        "metric_dimensions",
        Kind("NAME,NAME;NAME", _dimensions),
        "Their dimensions: names with commas, sets with semicolons between.",
        default=(),
    )


@dataclass(frozen=True, slots=True)
class GoCloudWatchProperties(CloudWatchLogsProperties):
    """The properties of `cloudwatch`, the plugin in Go of AWS's own image, with its templates.

    Source: the manual of amazon-cloudwatch-logs-for-fluent-bit.
    """

    default_log_group_name: str = setting(
        "default_log_group_name",
        TEXT,
        "The log group where a field that log_group_name asks for is missing.",
        default="fluentbit-default",
    )
    default_log_stream_name: str = setting(
        "default_log_stream_name",
        TEXT,
        "The log stream, likewise.",
        default="/fluentbit-default",
    )
