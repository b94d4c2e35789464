"""The containers that are injected, as Kubernetes has them.

Requests and limits are those of the examples, whose tests measure them under load.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pillion_inject.images import image

USER = 65532
# Read-only files of a container runtime and most log files are readable for group 0.
LOG_GROUP = 0


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the sidecars.

    Attributes:
        port: where it serves its metrics, unless another container of the pod has that port.
        port_name: by which Prometheus finds it.
        cpu: what it requests.
        memory: what it requests, and its limit.
        peers: parts of image names that do the same work.
    """

    port: int
    port_name: str
    cpu: str
    memory: str
    peers: tuple[str, ...]


KINDS = {
    "nginx-exporter": Kind(9113, "nginx-metrics", "5m", "64Mi",
                           ("nginx-exporter", "nginx-prometheus-exporter")),
    "blackbox-exporter": Kind(9115, "probe-metrics", "5m", "64Mi",
                              ("blackbox-exporter", "blackbox_exporter")),
    "log-streamer": Kind(9116, "stream-metrics", "5m", "64Mi", ("log-streamer",)),
    "log-agent": Kind(2020, "agent-metrics", "10m", "96Mi", ("log-agent",)),
}  # fmt: skip


@dataclass(slots=True)
class Sidecar:
    """One container to be added.

    Attributes:
        kind: a key of KINDS.
        arguments: of the process.
        environment: entries of `env`.
        mounts: entries of `volumeMounts`.
    """

    kind: str
    arguments: list[str] = field(default_factory=list)
    environment: list[dict[str, Any]] = field(default_factory=list)
    mounts: list[dict[str, Any]] = field(default_factory=list)

    def container(
        self, *, port: int, is_native: bool, is_root_pod: bool, image_prefix: str
    ) -> dict[str, Any]:
        """Return the container.

        Args:
            port: where it is to listen.
            is_native: whether it is an init container that restarts always.
            is_root_pod: whether the pod's `runAsUser` is 0, which would refuse it to start.
            image_prefix: registry and path of the image; empty for the built-in one.
        """
        kind = KINDS[self.kind]
        moved = [] if port == kind.port and self.kind != "log-streamer" else [
            f"--web.listen-address=:{port}"
        ]  # fmt: skip
        built: dict[str, Any] = {"name": self.kind, "image": image(self.kind, image_prefix)}
        if is_native:
            built["restartPolicy"] = "Always"
        if arguments := [*moved, *self.arguments]:
            built["args"] = arguments
        if self.environment:
            built["env"] = self.environment
        built["ports"] = [{"name": kind.port_name, "containerPort": port}]
        if self.mounts:
            built["volumeMounts"] = self.mounts
        if is_native:
            built["startupProbe"] = _health(kind) | {"periodSeconds": 1, "failureThreshold": 30}
        built["livenessProbe"] = _health(kind)
        built["resources"] = {
            "requests": {"cpu": kind.cpu, "memory": kind.memory},
            "limits": {"memory": kind.memory},
        }
        built["securityContext"] = self._security(is_root_pod=is_root_pod)
        return built

    def _security(self, *, is_root_pod: bool) -> dict[str, Any]:
        user: dict[str, Any] = {"runAsUser": USER} if is_root_pod else {}
        if is_root_pod and self.kind.startswith("log-"):
            user["runAsGroup"] = LOG_GROUP
        return {
            "runAsNonRoot": True,
            **user,
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        }


def _health(kind: Kind) -> dict[str, Any]:
    return {"httpGet": {"path": "/-/healthy", "port": kind.port_name}}
