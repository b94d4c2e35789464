"""The receipt: an annotation of the pod that says what was added, so that it can be removed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pillion_inject.errors import InjectError
from pillion_inject.request import Request

if TYPE_CHECKING:
    from pillion_inject.workloads import Workload

ANNOTATION = "pillion.io/injected"


@dataclass(slots=True)
class Receipt:
    """What was added to one pod.

    Attributes:
        request: what was asked for.
        containers: names, of init containers and of containers.
        volumes: names.
        mounts: the paths that were added to containers of the application, by name.
        annotations: keys.
        created: keys that were not there (`absent`) or held nothing (`null`), by their path.
    """

    request: Request
    containers: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    mounts: dict[str, list[str]] = field(default_factory=dict)
    annotations: list[str] = field(default_factory=list)
    created: dict[str, str] = field(default_factory=dict)

    def encode(self) -> str:
        """Return the annotation's value."""
        values = {
            "request": self.request.encoded(),
            "containers": self.containers,
            "volumes": self.volumes,
            "mounts": self.mounts,
            "annotations": self.annotations,
            "created": self.created,
        }
        return json.dumps({key: value for key, value in values.items() if value})

    @classmethod
    def of(cls, found: Workload) -> Receipt | None:
        """Return the receipt of a workload; None where nothing was added.

        Raises:
            InjectError: the annotation is not what we write.
        """
        metadata = found.pod.get("metadata") or {}
        text = (metadata.get("annotations") or {}).get(ANNOTATION)
        if text is None:
            return None
        try:
            values: dict[str, Any] = json.loads(text)
            request = Request.decoded(values.pop("request", {}))
            return cls(request, **values)
        except (ValueError, TypeError, AttributeError) as error:
            raise InjectError(
                f"{found}: the annotation {ANNOTATION} is damaged ({error}); take out by hand what "
                "was injected, and the annotation"
            ) from None


def remove(found: Workload) -> Receipt | None:
    """Take out of a pod what its receipt lists; return the receipt, or None without one."""
    receipt = Receipt.of(found)
    if receipt is None:
        return None
    pod, spec = found.pod, found.spec
    for key in ("initContainers", "containers"):
        _without(spec, key, "name", receipt.containers)
    _without(spec, "volumes", "name", receipt.volumes)
    for container in found.all_containers():
        name = str(container["name"])
        _without(container, "volumeMounts", "mountPath", receipt.mounts.get(name, []))
        _drop(container, "volumeMounts", receipt.created.get(f"{name}.volumeMounts"))
    for key in (*receipt.annotations, ANNOTATION):
        pod["metadata"]["annotations"].pop(key, None)
    _drop(pod["metadata"], "annotations", receipt.created.get("annotations"))
    _drop(pod, "metadata", receipt.created.get("metadata"))
    for key in ("initContainers", "volumes"):
        _drop(spec, key, receipt.created.get(key))
    return receipt


def _without(parent: Any, key: str, identity: str, names: list[str]) -> None:
    items = parent.get(key) or []
    for index in reversed(range(len(items))):
        if items[index].get(identity) in names:
            del items[index]


def _drop(parent: Any, key: str, was: str | None) -> None:
    """Leave a key that was added for us as it was before, once nothing is in it."""
    if was is None or parent.get(key):
        return
    if was == "null":
        parent[key] = None
    else:
        parent.pop(key, None)
