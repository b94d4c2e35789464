"""The logs of containers on a node, as Docker and CRI runtimes write them and a kubelet keeps them."""

from __future__ import annotations

import gzip
import itertools
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = "2026-11-20T10:00:00.123456789Z"
MOST_FILES = 5
"""Of one container, the one that is written to among them: a kubelet's `containerLogMaxFiles`."""


class ContainerLog:
    """The log of one container.

    Args:
        host: the root of the node.
        runtime: `docker` or `cri`.
        pod: its name; `namespace` and `container` likewise.
        identity: the container's, 64 digits.
        restarts: how often it was started anew, each time with a file and an identity of its own.
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
        restarts: int = 0,
    ) -> None:
        self._runtime = runtime
        folder = f"/var/log/pods/{namespace}_{pod}_uid/{container}"
        below_pods = host / folder[1:]
        below_pods.mkdir(parents=True, exist_ok=True)
        link = host / f"var/log/containers/{pod}_{namespace}_{container}-{identity}.log"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(f"{folder}/{restarts}.log")
        self.file = below_pods / f"{restarts}.log"
        self._seconds = itertools.count()
        if runtime == "docker":
            real = f"/var/lib/docker/containers/{identity}/{identity}-json.log"
            self.file.symlink_to(real)
            self.file = host / real[1:]
            self.file.parent.mkdir(parents=True)
            self.file.parent.chmod(0o710)
        self._begin()

    def write(self, *lines: str, stream: str = "stdout") -> None:
        """Append lines; one that ends with a backslash is the first part of the next."""
        with self.file.open("a") as file:
            file.writelines(self._entry(line, stream) for line in lines)

    def rotate(self) -> None:
        """Begin a new file, as a kubelet or Docker does when the old one has grown."""
        if self._runtime == "docker":
            self._shift()
        else:
            self._stamp()
        self._begin()

    def _begin(self) -> None:
        # As runtimes leave them: root and its group, and nobody else.
        self.file.touch()
        self.file.chmod(0o640)

    def _stamp(self) -> None:
        """Remove what is too old, compress what was renamed before, and rename the last.

        Source: Kubernetes, pkg/kubelet/logs/container_log_manager.go.
        """
        rotated = sorted(self.file.parent.glob(f"{self.file.name}.*"))
        excess = max(len(rotated) - (MOST_FILES - 2), 0)
        for path in rotated[:excess]:
            path.unlink()
        for path in rotated[excess:]:
            if path.suffix != ".gz":
                _compress(path)
        stamp = f"20261120-10{next(self._seconds):04}"
        self.file.rename(self.file.with_name(f"{self.file.name}.{stamp}"))

    def _shift(self) -> None:
        """Give each file the next number. Source: Docker, "JSON File logging driver"."""
        for number in range(MOST_FILES - 1, 0, -1):
            older = self.file.with_name(f"{self.file.name}.{number}")
            newer = older.with_name(f"{self.file.name}.{number - 1}") if number > 1 else self.file
            if newer.exists():
                newer.replace(older)

    def _entry(self, line: str, stream: str) -> str:
        text, is_part = line.removesuffix("\\"), line.endswith("\\")
        if self._runtime == "cri":
            return f"{MOMENT} {stream} {'P' if is_part else 'F'} {text}\n"
        log = text if is_part else f"{text}\n"
        return json.dumps({"log": log, "stream": stream, "time": MOMENT}) + "\n"


def _compress(path: Path) -> None:
    unfinished = path.with_name(f"{path.name}.tmp")
    with gzip.open(unfinished, "wb") as file:
        file.write(path.read_bytes())
    unfinished.chmod(path.stat().st_mode & 0o777)
    unfinished.rename(path.with_name(f"{path.name}.gz"))
    path.unlink()
