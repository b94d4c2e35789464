"""The logs of containers on a node, as Docker and CRI runtimes write them and a kubelet links them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = "2026-11-20T10:00:00.123456789Z"


class ContainerLog:
    """The log of one container.

    Args:
        host: the root of the node.
        runtime: `docker` or `cri`.
        pod: its name; `namespace` and `container` likewise.
        identity: the container's, 64 digits.
    """

    def __init__(
        self,
        host: Path,
        runtime: str,
        pod: str,
        *,
        namespace: str = "shop",
        container: str = "api",
        identity: str = "0123456789abcdef" * 4,
    ) -> None:
        self._runtime = runtime
        folder = f"/var/log/pods/{namespace}_{pod}_uid/{container}"
        self._below_pods = host / folder[1:]
        self._below_pods.mkdir(parents=True)
        link = host / f"var/log/containers/{pod}_{namespace}_{container}-{identity}.log"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(f"{folder}/0.log")
        self._file = self._below_pods / "0.log"
        if runtime == "docker":
            self._file = host / f"var/lib/docker/containers/{identity}/{identity}-json.log"
            self._file.parent.mkdir(parents=True)
            self._file.parent.chmod(0o710)
            real = f"/var/lib/docker/containers/{identity}/{identity}-json.log"
            (self._below_pods / "0.log").symlink_to(real)

    def write(self, *lines: str, stream: str = "stdout") -> None:
        """Append lines; one that ends with a backslash is the first part of the next."""
        with self._file.open("a") as file:
            file.writelines(self._entry(line, stream) for line in lines)
        # As runtimes leave them: root and its group, and nobody else.
        self._file.chmod(0o640)

    def rotate(self) -> None:
        """Rename the file, as a kubelet does when it has grown; the next line makes a new one."""
        self._file.rename(self._file.with_name(f"{self._file.name}.20261120-100000"))

    def _entry(self, line: str, stream: str) -> str:
        text, is_part = line.removesuffix("\\"), line.endswith("\\")
        if self._runtime == "cri":
            return f"{MOMENT} {stream} {'P' if is_part else 'F'} {text}\n"
        log = text if is_part else f"{text}\n"
        return json.dumps({"log": log, "stream": stream, "time": MOMENT}) + "\n"
