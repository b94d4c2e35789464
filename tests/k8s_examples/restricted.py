"""The rules of Kubernetes' `restricted` profile, as what a pod breaks of them.

Source: Kubernetes, "Pod Security Standards": the controls of Baseline and of Restricted, as of 1.34.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.player.manifest import Document

VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
    "projected", "secret",
}  # fmt: skip
SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
}  # fmt: skip
SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
OF_THE_HOST = ("hostNetwork", "hostPID", "hostIPC")


def violations(spec: Document) -> list[str]:
    """Return a sentence for each rule that a pod's spec breaks, none when it is restricted."""
    found = [f"{name} is set" for name in OF_THE_HOST if spec.get(name)]
    pod = spec.get("securityContext", {})
    found += [f"the sysctl {each['name']}" for each in pod.get("sysctls", [])
              if each["name"] not in SYSCTLS]  # fmt: skip
    for volume in spec.get("volumes", []):
        found += [f"a volume of kind {kind}" for kind in volume if kind not in {"name", *VOLUMES}]
    found += _of_context("the pod", pod)
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(kind, []):
            own = container.get("securityContext", {})
            name = container["name"]
            found += _of_context(name, own)
            found += _of_container(name, container, pod, own)
    return found


def _of_context(name: str, context: Document) -> Iterator[str]:
    if context.get("runAsUser") == 0:
        yield f"{name} runs as root"
    if context.get("runAsNonRoot") is False:
        yield f"{name} may run as root"
    if context.get("seccompProfile", {}).get("type") == "Unconfined":
        yield f"{name} has no seccomp profile"
    if context.get("windowsOptions", {}).get("hostProcess"):
        yield f"{name} is a process of the host"
    if context.get("appArmorProfile", {}).get("type") == "Unconfined":
        yield f"{name} has no AppArmor profile"
    selinux = context.get("seLinuxOptions", {})
    if selinux.get("type", "") not in SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
        yield f"{name} has SELinux options"


def _of_container(name: str, container: Document, pod: Document, own: Document) -> Iterator[str]:
    if own.get("privileged"):
        yield f"{name} is privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield f"{name} may gain privileges"
    capabilities = own.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []):
        yield f"{name} does not drop all capabilities"
    if set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield f"{name} adds capabilities"
    if own.get("procMount", "Default") != "Default":
        yield f"{name} sees more of /proc"
    if not {**pod, **own}.get("runAsNonRoot"):
        yield f"{name} does not have to run as another than root"
    profile = {**pod, **own}.get("seccompProfile", {}).get("type")
    if profile not in ("RuntimeDefault", "Localhost"):
        yield f"{name} names no seccomp profile"
    yield from _of_network(name, container)


def _of_network(name: str, container: Document) -> Iterator[str]:
    if any(port.get("hostPort") for port in container.get("ports", [])):
        yield f"{name} has a port of the host"
    hooks = container.get("lifecycle", {}).values()
    probes = [
        container.get(kind, {}) for kind in ("livenessProbe", "readinessProbe", "startupProbe")
    ]
    for action in (*hooks, *probes):
        if any(action.get(kind, {}).get("host") for kind in ("httpGet", "tcpSocket")):
            yield f"{name} has a probe or a hook of another host"
