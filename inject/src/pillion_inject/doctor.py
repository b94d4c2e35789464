"""Why a log of a workload cannot be read, or a page not be scraped, as its manifest shows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pillion_inject.cluster import image_name, nginx_containers, nginx_status
from pillion_inject.containers import KINDS
from pillion_inject.log_paths import covering_mount, log_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pillion_inject.cluster import ConfigMaps
    from pillion_inject.workloads import Workload

GROUP_READS = (0, None)


def findings(found: Workload, maps: ConfigMaps, logs: Sequence[str] = ()) -> Iterator[str]:
    """Yield what is wrong, a sentence each with what would be right.

    Args:
        found: the workload.
        maps: the ConfigMaps of the same input.
        logs: paths that the application is known to log to.
    """
    yield from _scraping(found)
    for container in found.all_containers():
        kind = kind_of(container)
        if kind is None:
            continue
        yield from _starting(found, container)
        yield from _ending(found, container)
        if kind == "nginx-exporter":
            yield from _nginx(found, container, maps)
        if kind == "log-streamer":
            for path in _streamed(container):
                yield from _reading(found, container, path)
    readers = [one for one in found.all_containers() if str(kind_of(one)).startswith("log-")]
    for path in logs:
        yield from _logging(found, readers, path)


def kind_of(container: Any) -> str | None:
    """Return which sidecar a container is, by its image; None for an application."""
    name = image_name(container)
    for kind, row in KINDS.items():
        if any(peer in name for peer in row.peers):
            return kind
    return None


def _scraping(found: Workload) -> Iterator[str]:
    annotations = (found.pod.get("metadata") or {}).get("annotations") or {}
    port = annotations.get("prometheus.io/port")
    if annotations.get("prometheus.io/scrape") == "false":
        yield f'{found}: prometheus.io/scrape is "false", so Prometheus leaves its pods out'
    for key in annotations:
        if str(key).startswith("prometheus.io/") and not isinstance(annotations[key], str):
            yield (
                f"{found}: the annotation {key} is {annotations[key]!r}, not a string; the API "
                f'server refuses it: write "{annotations[key]}"'.replace("True", "true")
            )
    declared = {
        str(one.get("containerPort"))
        for container in found.all_containers()
        for one in container.get("ports") or ()
    }
    if port is not None and str(port) not in declared:
        there = ", ".join(sorted(declared)) or "none"
        yield (
            f"{found}: prometheus.io/port is {port}, and no container declares that port (there is "
            f"{there}); the scrape is refused unless a process listens there"
        )


def _starting(found: Workload, container: Any) -> Iterator[str]:
    pod = found.spec.get("securityContext") or {}
    own = container.get("securityContext") or {}
    user = own.get("runAsUser", pod.get("runAsUser"))
    if own.get("runAsNonRoot", pod.get("runAsNonRoot")) and user == 0:
        yield (
            f"{found}: container {str(container['name'])!r} has runAsNonRoot and runAsUser 0, so "
            "it never starts; set its runAsUser to 65532"
        )


def _ending(found: Workload, container: Any) -> Iterator[str]:
    if found.is_a_job and container in found.applications() and len(found.applications()) > 1:
        yield (
            f"{found}: container {str(container['name'])!r} never ends, so the Job never "
            "completes; make it an init container with restartPolicy: Always (Kubernetes 1.29)"
        )


def _nginx(found: Workload, container: Any, maps: ConfigMaps) -> Iterator[str]:
    uri = _scrape_uri(container)
    address = urlsplit(uri)
    for server in nginx_containers(found):
        pages, absent = nginx_status(found, server, maps)
        if absent or not pages:
            continue
        match = [page for page in pages if _is_same(address, urlsplit(page.uri))]
        if not match:
            there = ", ".join(page.uri for page in pages)
            yield (
                f"{found}: container {str(container['name'])!r} asks {uri}, and nginx has its "
                f"status at {there}"
            )
        elif all(page.is_denied for page in match):
            yield (
                f"{found}: nginx answers 403 at {uri}: its location does not allow 127.0.0.1; add "
                "`allow 127.0.0.1;` before `deny all;`"
            )
    if address.hostname not in ("localhost", "127.0.0.1", "::1"):
        yield f"{found}: {uri} is not in this pod; the sidecar should ask http://localhost/..."


def _is_same(one: Any, other: Any) -> bool:
    ports = {"http": 80, "https": 443}
    return bool(
        one.path == other.path
        and (one.port or ports.get(one.scheme)) == (other.port or ports.get(other.scheme))
    )


def _scrape_uri(container: Any) -> str:
    for variable in container.get("env") or ():
        if variable.get("name") == "SCRAPE_URI" and variable.get("value"):
            return str(variable["value"])
    words = " ".join(str(word) for word in container.get("args") or ())
    found = re.search(r"--?nginx\.scrape-uri[= ](\S+)", words)
    return found[1] if found else "http://127.0.0.1:8080/stub_status"


def _streamed(container: Any) -> list[str]:
    return [str(word) for word in container.get("args") or () if str(word).startswith("/")]


def _reading(found: Workload, reader: Any, text: str) -> Iterator[str]:
    """Why a sidecar does not see a file that it follows."""
    folder = log_path(text).folder
    name = str(reader["name"])
    mount = covering_mount(reader, folder)
    if mount is None:
        yield (
            f"{found}: container {name!r} follows {text}, and has no volume there; mount the "
            "application's log volume in it"
        )
        return
    writers = [
        one
        for one in found.applications()
        if kind_of(one) is None
        and any(each.get("name") == mount["name"] for each in one.get("volumeMounts") or ())
    ]
    if not writers:
        yield (
            f"{found}: container {name!r} follows {text} on volume {mount['name']!r}, which no "
            "other container mounts; mount it where the application writes"
        )
    for writer in writers:
        yield from _permission(found, reader, writer, text)


def _permission(found: Workload, reader: Any, writer: Any, text: str) -> Iterator[str]:
    pod = found.spec.get("securityContext") or {}
    users = [
        (one.get("securityContext") or {}).get("runAsUser", pod.get("runAsUser"))
        for one in (writer, reader)
    ]
    own = reader.get("securityContext") or {}
    group = own.get("runAsGroup", pod.get("runAsGroup"))
    if group not in GROUP_READS and "fsGroup" not in pod and users[0] != users[1]:
        yield (
            f"{found}: container {str(reader['name'])!r} reads {text} with group {group}, which a "
            "file of mode 0640 does not allow; set the pod's fsGroup to the group of the files"
        )


def _logging(found: Workload, readers: list[Any], text: str) -> Iterator[str]:
    """Why a path that the application logs to reaches no sidecar."""
    folder = log_path(text).folder
    writers = [one for one in found.applications() if kind_of(one) is None]
    mounts = [mount for one in writers if (mount := covering_mount(one, folder))]
    if not mounts:
        yield (
            f"{found}: {folder} is not on a volume, so the logs are in the container's own layer "
            f"and no sidecar sees them; pillion-inject --logs {text} adds an emptyDir there"
        )
    elif not any(
        each.get("name") == mounts[0]["name"]
        for one in readers
        for each in one.get("volumeMounts") or ()
    ):
        yield (
            f"{found}: {folder} is on volume {mounts[0]['name']!r}, and no log sidecar mounts it; "
            f"pillion-inject --logs {text} adds one"
        )
