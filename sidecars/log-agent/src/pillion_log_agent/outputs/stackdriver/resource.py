"""The monitored resource that a record is of. Pure.

Source: Google Cloud's documentation, "Monitored resource types".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion_log_agent.outputs.stackdriver.properties import PREFIX
from pillion_log_agent.records.accessor import parse_accessor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion_log_agent.outputs.stackdriver.properties import StackdriverProperties
    from pillion_log_agent.records.columns import Record

LOCAL_ID = f"{PREFIX}local_resource_id"
MONITORED = f"{PREFIX}monitored_resource"
_LOCAL_ID = re.compile(
    r"k8s_container\.(?P<namespace_name>[^.]+)\.(?P<pod_name>.+)\.(?P<container_name>[^.]+)"
    r"|k8s_pod\.(?P<of_pod>[^.]+)\.(?P<pod>.+)|k8s_node\.(?P<node_name>.+)"
)
_NAMES = {
    "k8s_container": ("namespace_name", "pod_name", "container_name"),
    "k8s_pod": ("namespace_name", "pod_name"),
    "k8s_node": ("node_name",),
}


@dataclass(frozen=True, slots=True)
class Machine:
    """What the metadata server and the credentials say.

    Attributes:
        project: its id.
        zone: of the instance; empty where it is not asked for.
        instance: its id.
    """

    project: str
    zone: str = ""
    instance: str = ""


def resource_of(
    properties: StackdriverProperties,
    machine: Machine,
    of_tag: Mapping[str, str],
    record: Record,
) -> dict[str, Any]:
    """Return the resource of a record; `of_tag` is what `names_in` finds in its tag."""
    kind = properties.resource
    if properties.resource_labels:
        labels = named(properties.resource_labels, record)
        return {"type": kind, "labels": {"project_id": machine.project} | labels}
    labels = {"project_id": machine.project}
    if kind == "gce_instance":
        labels |= {"zone": machine.zone, "instance_id": machine.instance}
    elif kind == "generic_node":
        labels |= _generic(properties) | {"node_id": properties.node_id or ""}
    elif kind == "generic_task":
        of_task = {"job": properties.job or "", "task_id": properties.task_id or ""}
        labels |= _generic(properties) | of_task
    elif kind.startswith("k8s_"):
        labels |= {
            "location": properties.k8s_cluster_location or "",
            "cluster_name": properties.k8s_cluster_name or "",
        }
        found = of_tag or _of_record(record)
        labels |= {name: found.get(name, "") for name in _NAMES.get(kind, ())}
    return {"type": kind, "labels": labels}


def named(pairs: tuple[tuple[str, str], ...], record: Record) -> dict[str, str]:
    """Return labels of texts and of the fields that are there."""
    found = {}
    for name, value in pairs:
        text = parse_accessor(value).find(record) if value.startswith("$") else value
        if text is not None and not isinstance(text, (dict, list)):
            found[name] = str(text)
    return found


def _generic(properties: StackdriverProperties) -> dict[str, str]:
    return {"location": properties.location or "", "namespace": properties.namespace or ""}


def names_in(properties: StackdriverProperties, tag: str) -> Mapping[str, str]:
    """Return the names of the pod, and what else the pattern finds, in a tag of Kubernetes."""
    if not properties.resource.startswith("k8s_"):
        return {}
    prefix = properties.tag_prefix
    if prefix is None:
        prefix = f"{properties.resource}."
    return properties.custom_k8s_regex.captured(tag.removeprefix(prefix)) or {}


def _of_record(record: Record) -> Mapping[str, str]:
    """Return what the record itself says, in one of two fields of Google's."""
    local = record.get(LOCAL_ID)
    match = _LOCAL_ID.fullmatch(local) if isinstance(local, str) else None
    if match is not None:
        found = _groups(match.groupdict())
        if "pod" in found:
            return {"namespace_name": found["of_pod"], "pod_name": found["pod"]}
        return found
    monitored = record.get(MONITORED)
    labels = monitored.get("labels", monitored) if isinstance(monitored, dict) else {}
    if not isinstance(labels, dict):
        return {}
    return {name: value for name, value in labels.items() if isinstance(value, str)}


def _groups(groups: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in groups.items() if value is not None}
