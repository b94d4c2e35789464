"""Which volume of a pod holds a log file, and what is missing where none does."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion_inject.errors import InjectError, NotApplicableError

if TYPE_CHECKING:
    from pillion_inject.workloads import Workload

# An empty volume there would hide what the application is made of.
SYSTEM = (
    "/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/opt", "/proc", "/root",
    "/run", "/sbin", "/srv", "/sys", "/usr", "/var", "/usr/lib", "/usr/local", "/var/lib",
    "/usr/bin", "/usr/share",
)  # fmt: skip
NOT_FOR_LOGS = ("configMap", "secret", "downwardAPI", "projected")


@dataclass(frozen=True, slots=True)
class LogPath:
    """A path of the command line.

    Attributes:
        folder: the directory that has to be shared.
        pattern: what the sidecar follows.
    """

    folder: str
    pattern: str


def log_path(text: str) -> LogPath:
    """Return the directory and the pattern of a path: a folder means every `*.log` below it.

    Raises:
        InjectError: it is not absolute, or a system directory.
    """
    if not text.startswith("/") or ".." in text.split("/"):
        raise InjectError(
            f"--logs={text} is not an absolute path: /var/log/app, /var/log/app/*.log"
        )
    plain = posixpath.normpath(text)
    parts = plain.split("/")
    globs = [index for index, part in enumerate(parts) if any(sign in part for sign in "*?[")]
    if globs:
        folder, pattern = "/".join(parts[: globs[0]]) or "/", plain
    elif "." in parts[-1] and not text.endswith("/"):
        folder, pattern = posixpath.dirname(plain), plain
    else:
        folder, pattern = plain, f"{plain}/**/*.log"
    return LogPath(folder, pattern)


def covering_mount(container: Any, folder: str) -> Any | None:
    """Return the mount of a container that holds a folder: the deepest."""
    best = None
    for mount in container.get("volumeMounts") or ():
        path = posixpath.normpath(str(mount.get("mountPath", "")))
        is_deeper = best is None or len(path) > len(posixpath.normpath(best["mountPath"]))
        if (folder == path or folder.startswith(path.rstrip("/") + "/")) and is_deeper:
            best = mount
    return best


def writer_of(found: Workload, folder: str, container_name: str) -> tuple[Any, Any | None]:
    """Return the container that writes below a folder, and its mount there; None without one.

    Raises:
        NotApplicableError: several containers may, or the named one is not there.
    """
    containers = found.applications()
    if container_name:
        chosen = [item for item in containers if item["name"] == container_name]
        if not chosen:
            names = ", ".join(str(item["name"]) for item in containers)
            raise NotApplicableError(f"{found}: no container {container_name!r}: there is {names}")
        return chosen[0], covering_mount(chosen[0], folder)
    for item in containers:
        mount = covering_mount(item, folder)
        if mount is not None:
            _check_source(found, mount, folder)
            return item, mount
    if len(containers) == 1:
        return containers[0], None
    names = ", ".join(str(item["name"]) for item in containers)
    raise NotApplicableError(
        f"{found}: no container mounts a volume at {folder}, and any of {names} may write there; "
        f"name the one that does: --container={containers[0]['name']}"
    )


def _check_source(found: Workload, mount: Any, folder: str) -> None:
    for volume in found.spec.get("volumes") or ():
        if volume.get("name") == mount["name"]:
            for kind in NOT_FOR_LOGS:
                if kind in volume:
                    raise NotApplicableError(
                        f"{found}: {folder} is in the {kind} volume {mount['name']!r}, which no "
                        "application writes to; name the directory of its logs"
                    )


def check_empty_volume(found: Workload, folder: str) -> None:
    """Refuse to put an empty volume where it would hide the system's own files.

    Raises:
        InjectError: the folder is one of the system's.
    """
    if folder in SYSTEM or folder.startswith(("/proc/", "/sys/", "/dev/")):
        raise InjectError(
            f"{found}: {folder} is not on a volume, and an empty one there would hide the image's "
            "own files; let the application log to a directory of its own, /var/log/app"
        )
