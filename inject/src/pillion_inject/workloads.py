"""The workloads of a document, and the pod that each makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion_inject.errors import InjectError

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE = ("spec", "template")
# kind -> where its pod is, from the object down.
PODS: dict[str, tuple[str, ...]] = {
    "Pod": (),
    "Deployment": TEMPLATE,
    "StatefulSet": TEMPLATE,
    "DaemonSet": TEMPLATE,
    "ReplicaSet": TEMPLATE,
    "Job": TEMPLATE,
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
SHORT = {
    "deploy": "Deployment", "sts": "StatefulSet", "ds": "DaemonSet", "rs": "ReplicaSet",
    "po": "Pod", "cj": "CronJob",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Workload:
    """An object that makes pods.

    Attributes:
        kind: `Deployment`, for example.
        name: of the object; its `generateName` where it has no name.
        namespace: empty where the manifest names none.
        pod: the mapping with the pod's `metadata` and `spec`.
    """

    kind: str
    name: str
    namespace: str
    pod: Any

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def spec(self) -> Any:
        """The pod's `spec`."""
        return self.pod["spec"]

    @property
    def is_a_job(self) -> bool:
        """Whether its pods are to end by themselves."""
        return self.kind in ("Job", "CronJob")

    def applications(self) -> list[Any]:
        """Return the containers that are the application's, in order."""
        return list(self.spec["containers"])

    def all_containers(self) -> list[Any]:
        """Return every container, native sidecars and init containers among them."""
        return [*(self.spec.get("initContainers") or ()), *self.spec["containers"]]


def objects(tree: Any) -> Iterator[Any]:
    """Yield the objects of a document: itself, or the items of a list."""
    if not isinstance(tree, dict):
        return
    if str(tree.get("kind", "")).endswith("List") and isinstance(tree.get("items"), list):
        for item in tree["items"]:
            yield from objects(item)
    else:
        yield tree


def workload(item: Any, where: str) -> Workload | None:
    """Return the workload that an object is; None for one that makes no pods.

    Raises:
        InjectError: its pod is not there or has no containers.
    """
    kind = item.get("kind")
    if kind not in PODS:
        return None
    metadata = item.get("metadata") or {}
    name = str(metadata.get("name") or metadata.get("generateName") or "")
    pod: Any = item
    for key in PODS[kind]:
        pod = pod.get(key) if isinstance(pod, dict) else None
    path = ".".join((*PODS[kind], "spec", "containers"))
    containers = pod.get("spec") if isinstance(pod, dict) else None
    containers = containers.get("containers") if isinstance(containers, dict) else None
    if not isinstance(containers, list) or not containers:
        raise InjectError(f"{where}: {kind}/{name}: {path} has no containers")
    for index, container in enumerate(containers):
        if not isinstance(container, dict) or not container.get("name"):
            raise InjectError(f"{where}: {kind}/{name}: {path}[{index}] has no name")
    return Workload(kind, name, str(metadata.get("namespace") or ""), pod)


def is_named(found: Workload, selector: str) -> bool:
    """Say whether `deploy/shop`, `Deployment/shop` or `shop` is this workload."""
    kind, slash, name = selector.rpartition("/")
    if not slash:
        return found.name == name
    kind = SHORT.get(kind.lower(), kind).lower().removesuffix("s")
    return found.name == name and found.kind.lower().removesuffix("s") == kind
