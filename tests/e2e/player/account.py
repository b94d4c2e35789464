"""A pod's service account, as the API server mounts it into every container that may ask it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.player.manifest import Container, Document, Pod

FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
_NAME = "kube-api-access"
# Source: Kubernetes, plugin/pkg/admission/serviceaccount/admission.go.
_VOLUME: Document = {
    "name": _NAME,
    "projected": {
        "defaultMode": 0o644,
        "sources": [
            {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [
                {"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
        ],
    },
}  # fmt: skip
_MOUNT: Document = {"name": _NAME, "mountPath": FOLDER, "readOnly": True}


def with_account(pod: Pod) -> Pod:
    """Return a pod with the volume of its account, unless it wants none."""
    if not pod.has_account:
        return pod
    return replace(
        pod,
        init=tuple(map(_mounted, pod.init)),
        containers=tuple(map(_mounted, pod.containers)),
        volumes=pod.volumes | {_NAME: _VOLUME},
    )


def _mounted(container: Container) -> Container:
    mounts = [*container.get("volumeMounts", []), _MOUNT]
    return replace(container, document={**container.document, "volumeMounts": mounts})
