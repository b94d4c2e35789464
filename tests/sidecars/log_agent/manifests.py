"""The manifests of the deployments that the agent has to take over, as their authors wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from tests.manifests import manifest_text

if TYPE_CHECKING:
    from pathlib import Path


def mount(name: str, etc: Path, var_log: Path) -> Path:
    """Write the files of a ConfigMap as a kubelet mounts them; return the one to start with.

    All that differs is the root below which the logs are.
    """
    document = yaml.safe_load(manifest_text(name))
    etc.mkdir()
    for file, text in document["data"].items():
        (etc / file).write_text(text.replace("/var/log", str(var_log)))
    return etc / "fluent-bit.conf"


def container_log(var_log: Path, namespace: str, pod: str, container: str, identity: str) -> Path:
    """Make a container's log as a node has it: a link in containers to a file below pods."""
    folder = var_log / "pods" / f"{namespace}_{pod}_uid" / container
    folder.mkdir(parents=True)
    (var_log / "containers").mkdir(exist_ok=True)
    link = var_log / "containers" / f"{pod}_{namespace}_{container}-{identity}.log"
    link.symlink_to(folder / "0.log")
    return folder / "0.log"
