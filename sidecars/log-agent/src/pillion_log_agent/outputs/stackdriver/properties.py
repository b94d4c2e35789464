"""The properties of `stackdriver`.

Source: fluent-bit's manual, "Stackdriver"; Google Cloud Logging, "LogEntry".
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from pillion.settings import Kind, optional, setting
from pillion_log_agent.configuration.kinds import FLAG, PATH, PATTERN, TEXT, TIME, choice
from pillion_log_agent.network.tls import TlsProperties
from pillion_log_agent.patterns.ruby import translate

if TYPE_CHECKING:
    from pillion_log_agent.patterns.pattern import Pattern

RESOURCES = {
    "global": (),
    "gce_instance": (),
    "generic_node": ("location", "namespace", "node_id"),
    "generic_task": ("location", "namespace", "job", "task_id"),
    "k8s_cluster": ("k8s_cluster_name", "k8s_cluster_location"),
    "k8s_container": ("k8s_cluster_name", "k8s_cluster_location"),
    "k8s_node": ("k8s_cluster_name", "k8s_cluster_location"),
    "k8s_pod": ("k8s_cluster_name", "k8s_cluster_location"),
}
"""The types of resources, each with the properties that it needs."""
PREFIX = "logging.googleapis.com/"
_TAG = (
    r"(?<pod_name>[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*)"
    r"_(?<namespace_name>[^_]+)_(?<container_name>.+)-(?<docker_id>[a-z0-9]{64})\.log$"
)


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    found = []
    for each in filter(None, map(str.strip, text.split(","))):
        name, separator, value = each.partition("=")
        if not separator or not name.strip():
            raise ValueError("is not a list of labels; write name=value,name=$field")
        found.append((name.strip(), value.strip()))
    return tuple(found)


LABELS = Kind("NAME=VALUE,...", _pairs)


@dataclass(frozen=True, slots=True)
class StackdriverProperties(TlsProperties):
    """The properties of `stackdriver`, beside those of TLS."""

    tls: bool = setting("tls", FLAG, "Whether to use TLS.", default=True)
    google_service_credentials: str | None = optional(
        "google_service_credentials",
        PATH,
        "The key of a service account, JSON; GOOGLE_APPLICATION_CREDENTIALS if not given, and "
        "the metadata server where there is none.",
    )
    metadata_server: str = setting(
        "metadata_server",
        TEXT,
        "The metadata server.",
        default="http://metadata.google.internal",
    )
    cloud_logging_base_url: str = setting(
        "cloud_logging_base_url", TEXT, "The API.", default="https://logging.googleapis.com"
    )
    export_to_project_id: str | None = optional(
        "export_to_project_id", TEXT, "The project that gets entries; else that of the credentials."
    )
    resource: str = setting(
        "resource", choice(*RESOURCES), "The type of the monitored resource.", default="global"
    )
    resource_labels: tuple[tuple[str, str], ...] = setting(
        "resource_labels",
        LABELS,
        "The labels of the resource, of texts and $fields, in the place of all others.",
        default=(),
    )
    k8s_cluster_name: str | None = optional("k8s_cluster_name", TEXT, "The cluster.")
    k8s_cluster_location: str | None = optional("k8s_cluster_location", TEXT, "Where it is.")
    location: str | None = optional("location", TEXT, "Where a node or task is.")
    namespace: str | None = optional("namespace", TEXT, "Its namespace.")
    node_id: str | None = optional("node_id", TEXT, "The node.")
    job: str | None = optional("job", TEXT, "The job of a task.")
    task_id: str | None = optional("task_id", TEXT, "The task.")
    tag_prefix: str | None = optional(
        "tag_prefix", TEXT, "What stands in the tag before the file of a container's log."
    )
    custom_k8s_regex: Pattern = setting(
        "custom_k8s_regex",
        PATTERN,
        "Finds pod_name, namespace_name, container_name and node_name in the rest of the tag.",
        default=translate(_TAG),
    )
    labels: tuple[tuple[str, str], ...] = setting(
        "labels", LABELS, "Labels of each entry, of texts and $fields.", default=()
    )
    labels_key: str = setting(
        "labels_key", TEXT, "The field that has labels.", default=f"{PREFIX}labels"
    )
    severity_key: str = setting(
        "severity_key", TEXT, "The field of the severity.", default=f"{PREFIX}severity"
    )
    trace_key: str = setting("trace_key", TEXT, "The field of the trace.", default=f"{PREFIX}trace")
    autoformat_stackdriver_trace: bool = setting(
        "autoformat_stackdriver_trace",
        FLAG,
        "The trace's id stands alone; write projects/PROJECT/traces/ before it.",
        default=False,
    )
    span_id_key: str = setting(
        "span_id_key", TEXT, "The field of the span.", default=f"{PREFIX}spanId"
    )
    trace_sampled_key: str = setting(
        "trace_sampled_key",
        TEXT,
        "The field that says whether the trace is kept.",
        default=f"{PREFIX}traceSampled",
    )
    log_name_key: str = setting(
        "log_name_key",
        TEXT,
        "The field of the log's name; else the tag.",
        default=f"{PREFIX}logName",
    )
    project_id_key: str = setting(
        "project_id_key", TEXT, "The field of the project.", default=f"{PREFIX}projectId"
    )
    http_request_key: str = setting(
        "http_request_key", TEXT, "The field of the request.", default=f"{PREFIX}http_request"
    )
    text_payload_key: str | None = optional(
        "text_payload_key", TEXT, "The field that is the payload, as text."
    )
    compress: str | None = optional("compress", choice("gzip"), "Compress what is sent.")
    net_connect_timeout: float = setting(
        "net.connect_timeout", TIME, "The most that a connection may take.", default=10.0
    )
    response_timeout: float = setting(
        "http.response_timeout", TIME, "The most that an answer may take.", default=60.0
    )


def check(properties: StackdriverProperties) -> None:
    """Raise ValueError where a property is missing that the type of resource needs."""
    if properties.resource_labels:
        return
    named = {each.name: getattr(properties, each.name) for each in fields(properties)}
    for name in RESOURCES[properties.resource]:
        if not named[name]:
            raise ValueError(f"{name} is missing; the resource {properties.resource} needs it")
