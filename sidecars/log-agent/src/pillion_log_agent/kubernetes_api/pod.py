"""What is known of a pod: from the tag, and from the API's object. Pure.

The fields are those of fluent-bit's filter: pod_name, namespace_name, pod_id, labels,
annotations, host, pod_ip, container_name, docker_id, container_hash, container_image.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pillion_log_agent.parsers.decoders import unescaped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ANNOTATION = "fluentbit.io/"
_POD = re.compile(r"(?<![-a-z0-9.])[-.]*+([a-z0-9][-a-z0-9.]*)(?<![-.])\Z")
_ID = re.compile(r"[a-z0-9]{64}")
_TRUE = ("true", "on", "yes", "1")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a tag says."""

    namespace: str
    pod: str
    container: str
    docker_id: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Identity | None:
        """Return what the parser of the tag found, None without a pod and a namespace."""
        namespace, pod = fields.get("namespace_name"), fields.get("pod_name")
        if not namespace or not pod:
            return None
        container = fields.get("container_name", "")
        return cls(str(namespace), str(pod), str(container), str(fields.get("docker_id", "")))

    @classmethod
    def of_file(cls, name: str) -> Identity | None:
        """Return what the kubelet's name of a container's log says, None when it is none.

        Args:
            name: `POD_NAMESPACE_CONTAINER-ID.log`, it may be behind folders with dots between.
        """
        before, _, rest = name.partition("_")
        namespace, _, rest = rest.partition("_")
        container, _, docker_id = rest.removesuffix(".log").rpartition("-")
        pod = _POD.search(before)
        if not (pod and namespace and container and rest.endswith(".log")):
            return None
        return cls(namespace, pod[1], container, docker_id) if _ID.fullmatch(docker_id) else None

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name: what the pod is known by."""
        return self.namespace, self.pod


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod."""

    image: str = ""
    image_id: str = ""


@dataclass(frozen=True, slots=True)
class Pod:
    """What the API says of a pod, as far as it is asked for."""

    uid: str = ""
    node: str = ""
    ip: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    containers: Mapping[str, Container] = field(default_factory=dict)
    owners: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def of_object(cls, found: Mapping[str, Any]) -> Pod:
        """Return the pod of an object of the API; what is missing there is empty."""
        meta, spec = found.get("metadata") or {}, found.get("spec") or {}
        status = found.get("status") or {}
        images = {
            each.get("name", ""): each.get("image", "")
            for kind in ("initContainers", "containers", "ephemeralContainers")
            for each in spec.get(kind) or ()
        }
        ids = {
            each.get("name", ""): (each.get("image", ""), each.get("imageID", ""))
            for kind in (
                "initContainerStatuses",
                "containerStatuses",
                "ephemeralContainerStatuses",
            )
            for each in status.get(kind) or ()
        }
        containers = {
            name: Container(ids.get(name, ("", ""))[0] or image, ids.get(name, ("", ""))[1])
            for name, image in images.items()
        }
        return cls(
            uid=meta.get("uid", ""),
            node=spec.get("nodeName", ""),
            ip=status.get("podIP", ""),
            labels=meta.get("labels") or {},
            annotations=meta.get("annotations") or {},
            containers=containers,
            owners=meta.get("ownerReferences") or (),
        )

    def suggestion(self, what: str, stream: str, container: str) -> str | None:
        """Return the value of `fluentbit.io/WHAT[_STREAM][-CONTAINER]`, the closest one."""
        for name in (
            f"{what}_{stream}-{container}",
            f"{what}-{container}",
            f"{what}_{stream}",
            what,
        ):
            if (value := self.annotations.get(ANNOTATION + name)) is not None:
                return value
        return None

    def excludes(self, stream: str, container: str) -> bool:
        """Whether the pod keeps the logs of a stream to itself."""
        return (self.suggestion("exclude", stream, container) or "").lower() in _TRUE


def fields_of(
    identity: Identity, pod: Pod | None, *, labels: bool, annotations: bool, owners: bool = False
) -> dict[str, Any]:
    """Return the field `kubernetes` of the records of one container."""
    fields: dict[str, Any] = {
        "pod_name": identity.pod,
        "namespace_name": identity.namespace,
    }
    if pod is not None:
        container = pod.containers.get(identity.container, Container())
        more: dict[str, Any] = {
            "pod_id": pod.uid,
            "labels": dict(pod.labels) if labels else None,
            "annotations": dict(pod.annotations) if annotations else None,
            "ownerReferences": list(pod.owners) if owners else None,
            "host": pod.node,
            "pod_ip": pod.ip,
            "container_hash": container.image_id.removeprefix("docker-pullable://"),
            "container_image": container.image,
        }
        fields |= {key: value for key, value in more.items() if value}
    fields |= {
        key: value
        for key, value in (
            ("container_name", identity.container),
            ("docker_id", identity.docker_id),
        )
        if value
    }
    return fields


def namespace_of(
    name: str, found: Pod | None, *, labels: bool, annotations: bool
) -> dict[str, Any]:
    """Return the field `kubernetes_namespace`: the name, and what is asked for of its metadata."""
    more = {
        "labels": dict(found.labels) if found is not None and labels else None,
        "annotations": dict(found.annotations) if found is not None and annotations else None,
    }
    return {"name": name, **{key: value for key, value in more.items() if value}}


def parse_downward(text: str) -> dict[str, str]:
    """Return the pairs of a file of the downward API: `key="value"` a line, Go-quoted."""
    found = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals:
            found[key] = unescaped(value[1:-1] if value[:1] == '"' else value)
    return found
