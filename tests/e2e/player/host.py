"""What a container of a pod is given by the engine: a manifest's fields in Docker's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.e2e.player.quantities import number

if TYPE_CHECKING:
    from tests.e2e.player.manifest import Container, Document, Pod

_OF_SECURITY = {
    "runAsUser", "runAsGroup", "runAsNonRoot", "readOnlyRootFilesystem", "capabilities",
    "allowPrivilegeEscalation", "seccompProfile", "fsGroup", "supplementalGroups", "sysctls",
}  # fmt: skip
# A new network namespace as the kernel makes it: Docker allows more for its own containers, and
# containerd before 2.0 does not. Source: Linux, Documentation/networking/ip-sysctl.rst.
_DEFAULT_SYSCTLS = {
    "net.ipv4.ping_group_range": "1 0",
    "net.ipv4.ip_unprivileged_port_start": "1024",
}
# Others have to be allowed on the node first.
# Source: Kubernetes, "Using sysctls in a Kubernetes Cluster".
_SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
}  # fmt: skip


def sysctls(pod: Pod) -> dict[str, str]:
    """Return the sysctls of a pod's namespaces.

    Raises:
        PermissionError: as a kubelet's, for one that no node allows by itself.
    """
    asked = {item["name"]: str(item["value"]) for item in pod.security.get("sysctls", [])}
    unsafe = sorted(set(asked) - _SAFE_SYSCTLS)
    if unsafe:
        raise PermissionError(f"forbidden sysctl: {unsafe[0]!r} not allowlisted")
    return _DEFAULT_SYSCTLS | asked


def restrictions(pod: Pod, container: Container, image_user: str) -> dict[str, Any]:
    """Return the arguments of the engine for a container's security context and resources.

    Raises:
        PermissionError: as a kubelet's, for an image that runs as root where none may.
    """
    own = container.get("securityContext", {})
    merged: Document = {**pod.security, **own}
    unknown = sorted(set(merged) - _OF_SECURITY)
    if unknown:
        raise ValueError(f"the player knows no {', '.join(unknown)} of securityContext")
    user = _user(container, merged, image_user)
    capabilities = merged.get("capabilities", {})
    groups = list(map(str, merged.get("supplementalGroups", [])))
    if "fsGroup" in merged:
        groups.append(str(merged["fsGroup"]))
    given: dict[str, Any] = {
        "read_only": merged.get("readOnlyRootFilesystem", False),
        "cap_drop": capabilities.get("drop", []),
        "cap_add": capabilities.get("add", []),
        "group_add": groups,
    }
    if merged.get("allowPrivilegeEscalation") is False:
        given["security_opt"] = ["no-new-privileges"]
    return given | _limits(container) | {"user": user}


def _user(container: Container, merged: Document, image_user: str) -> str:
    """Return who a container runs as: a user alone, whose group is the image's `/etc/passwd`'s.

    A kubelet passes on what stands before the colon of an image's user. A group is passed on
    where `runAsGroup` asks for one. Source: Kubernetes, pkg/kubelet/kuberuntime/security_context.go.
    """
    user = str(merged.get("runAsUser", image_user.partition(":")[0] or 0))
    if merged.get("runAsNonRoot"):
        _refuse_root(container, user)
    return f"{user}:{merged['runAsGroup']}" if "runAsGroup" in merged else user


def _refuse_root(container: Container, user: str) -> None:
    if not user.isdecimal():
        raise PermissionError(
            f"container {container.name} has runAsNonRoot and image has non-numeric user ({user})"
        )
    if int(user) == 0:
        raise PermissionError(f"container {container.name} has runAsNonRoot and would run as root")


def _limits(container: Container) -> dict[str, Any]:
    limits = container.get("resources", {}).get("limits", {})
    given: dict[str, Any] = {}
    if "memory" in limits:
        memory = int(number(limits["memory"]))
        given |= {"mem_limit": memory, "memswap_limit": memory}
    if "cpu" in limits:
        given["nano_cpus"] = int(number(limits["cpu"]) * 1e9)
    return given
