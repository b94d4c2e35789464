"""Manifests as values: the pods in them, and what their volumes are filled from.

What the player cannot play it refuses by name, so that no test passes for a field that was
looked over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

Document = dict[str, Any]

_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet")
_OF_A_POD = {
    "containers", "initContainers", "volumes", "securityContext", "terminationGracePeriodSeconds",
    "serviceAccountName", "automountServiceAccountToken", "restartPolicy", "tolerations",
    "nodeSelector", "priorityClassName", "enableServiceLinks", "hostname",
}  # fmt: skip
_OF_A_CONTAINER = {
    "name", "image", "imagePullPolicy", "command", "args", "env", "ports", "volumeMounts",
    "resources", "securityContext", "restartPolicy", "livenessProbe", "readinessProbe",
    "startupProbe", "terminationMessagePolicy", "lifecycle", "workingDir",
}  # fmt: skip
_VOLUMES = {"name", "emptyDir", "configMap", "secret", "hostPath", "downwardAPI", "projected"}


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod; what needs no thought is left as the manifest has it.

    Attributes:
        name: in the pod.
        image: as the manifest names it.
        document: the whole of it.
        is_sidecar: an init container that stays (`restartPolicy: Always`).
    """

    name: str
    image: str
    document: Document = field(repr=False)
    is_sidecar: bool = False

    def get(self, key: str, default: Any = None) -> Any:
        return self.document.get(key, default)


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod as a workload would make it."""

    name: str
    namespace: str
    labels: dict[str, str]
    annotations: dict[str, str]
    init: tuple[Container, ...]
    containers: tuple[Container, ...]
    volumes: dict[str, Document]
    security: Document
    grace: float
    restart_policy: str = "Always"
    has_account: bool = True


def documents(text: str) -> list[Document]:
    """Return the documents of a manifest, those of a List one by one."""
    found: list[Document] = []
    for document in yaml.safe_load_all(text):
        if document and document.get("kind") == "List":
            found += document["items"]
        elif document:
            found.append(document)
    return found


def pod(found: list[Document], name: str | None = None) -> Pod:
    """Return the pod of the one workload among documents, or of the one with a name."""
    workloads = [
        item
        for item in found
        if item["kind"] in (*_WORKLOADS, "Pod") and name in (None, item["metadata"]["name"])
    ]
    (workload,) = workloads
    template = workload if workload["kind"] == "Pod" else workload["spec"]["template"]
    metadata, spec = template.get("metadata", {}), template["spec"]
    _refuse_unknown("a pod", spec, _OF_A_POD)
    return Pod(
        name=workload["metadata"]["name"],
        namespace=workload["metadata"].get("namespace", "default"),
        labels=metadata.get("labels", {}),
        annotations=metadata.get("annotations", {}),
        init=tuple(_container(item) for item in spec.get("initContainers", [])),
        containers=tuple(_container(item) for item in spec["containers"]),
        volumes={item["name"]: _volume(item) for item in spec.get("volumes", [])}
        | {item["metadata"]["name"]: {"emptyDir": {}} for item in _claims(workload)},
        security=spec.get("securityContext", {}),
        grace=spec.get("terminationGracePeriodSeconds", 30),
        restart_policy=spec.get("restartPolicy", "Always"),
        has_account=spec.get("automountServiceAccountToken", True),
    )


def sources(found: list[Document], kind: str) -> dict[str, dict[str, str]]:
    """Return the data of the ConfigMaps or Secrets among documents, by name."""
    return {
        item["metadata"]["name"]: {**item.get("data", {}), **item.get("stringData", {})}
        for item in found
        if item["kind"] == kind
    }


def _claims(workload: Document) -> list[Document]:
    """Return what a StatefulSet claims; here it has nothing to outlive."""
    found: list[Document] = workload["spec"].get("volumeClaimTemplates", [])
    return found


def _container(document: Document) -> Container:
    _refuse_unknown("a container", document, _OF_A_CONTAINER)
    _refuse_unknown("a lifecycle", document.get("lifecycle", {}), {"preStop"})
    stays = document.get("restartPolicy") == "Always"
    return Container(document["name"], document["image"], document, is_sidecar=stays)


def _volume(document: Document) -> Document:
    _refuse_unknown("a volume", document, _VOLUMES)
    return document


def _refuse_unknown(what: str, document: Document, known: set[str]) -> None:
    unknown = sorted(set(document) - known)
    if unknown:
        raise ValueError(f"the player knows no {', '.join(unknown)} of {what}")
