"""What a container of a pod is given by the engine: a manifest's fields in Docker's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.e2e.player.quantities import number

if TYPE_CHECKING:
    from tests.e2e.player.manifest import Container, Document, Pod

_OF_SECURITY = {
    "runAsUser", "runAsGroup", "runAsNonRoot", "readOnlyRootFilesystem", "capabilities",
    "allowPrivilegeEscalation", "seccompProfile", "fsGroup", "supplementalGroups",
}  # fmt: skip


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
    user = _user(merged, image_user)
    if merged.get("runAsNonRoot"):
        _refuse_root(container, user)
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
    return given | _limits(container) | ({"user": user} if user != image_user else {})


def _user(merged: Document, image_user: str) -> str:
    if "runAsUser" not in merged:
        return image_user
    group = merged.get("runAsGroup", 0)
    return f"{merged['runAsUser']}:{group}"


def _refuse_root(container: Container, user: str) -> None:
    number_of_user = user.partition(":")[0]
    if not number_of_user.isdecimal():
        raise PermissionError(
            f"container {container.name} has runAsNonRoot and image has non-numeric user ({user})"
        )
    if int(number_of_user) == 0:
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
