"""What the prober is to probe, found in a pod's own probes and ports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pillion_inject.errors import NotApplicableError

if TYPE_CHECKING:
    from pillion_inject.workloads import Workload

HTTP_NAMES = ("http", "web", "api", "https", "http-alt")
HTTP_PORTS = (80, 8080, 8000, 3000, 5000, 8443, 443)
PROBES = ("readinessProbe", "livenessProbe", "startupProbe")


def target_of(found: Workload) -> tuple[str, str]:
    """Return a target and the module that probes it.

    Raises:
        NotApplicableError: there is neither a probe nor a port that tells.
    """
    for container in found.applications():
        for name in PROBES:
            if target := _of_probe(container, container.get(name) or {}):
                return target
    for container in found.applications():
        for port in container.get("ports") or ():
            name, number = str(port.get("name", "")), port.get("containerPort")
            if (name in HTTP_NAMES or number in HTTP_PORTS) and port.get(
                "protocol", "TCP"
            ) == "TCP":
                return _http("https" if "https" in name else "http", int(number), "/"), "http_2xx"
    raise NotApplicableError(
        f"{found}: no container has an httpGet or tcpSocket probe, or a port that is HTTP by "
        "its name or number; name the target: --probe-target=http://127.0.0.1:8080/"
    )


def _of_probe(container: Any, probe: Any) -> tuple[str, str] | None:
    for kind in ("httpGet", "tcpSocket"):
        action = probe.get(kind)
        port = _number(container, action.get("port")) if action else None
        if port is None:
            continue
        host = str(action.get("host") or "127.0.0.1")
        if kind == "httpGet":
            scheme = str(action.get("scheme") or "HTTP").lower()
            path = str(action.get("path") or "/")
            return _http(scheme, port, path if path[:1] == "/" else f"/{path}", host), "http_2xx"
        if kind == "tcpSocket":
            return f"{host}:{port}", "tcp_connect"
    return None


def _number(container: Any, port: Any) -> int | None:
    if isinstance(port, int):
        return port
    if str(port).isdigit():
        return int(str(port))
    for one in container.get("ports") or ():
        if one.get("name") == port:
            return int(one["containerPort"])
    return None


def _http(scheme: str, port: int, path: str, host: str = "127.0.0.1") -> str:
    if port == {"http": 80, "https": 443}.get(scheme):
        return f"{scheme}://{host}{path}"
    return f"{scheme}://{host}:{port}{path}"
