"""What is below k8s-examples/, as values."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.architecture.workspace import ROOT
from tests.e2e.player.manifest import Document, documents
from tests.needs import absent
from tools import kustomize

EXAMPLES = ROOT / "k8s-examples"
PODS = sorted((EXAMPLES / "pods").glob("*.yaml"))
KUSTOMIZATIONS = sorted(
    path.parent
    for path in EXAMPLES.rglob("kustomization.yaml")
    if "kind: Component" not in path.read_text()
)
PROMETHEUS = EXAMPLES / "monitoring/prometheus"
DASHBOARDS = sorted((EXAMPLES / "monitoring/grafana/dashboards").glob("*.json"))


def built(folder: Path) -> list[Document]:
    """Return the documents that a kustomization makes."""
    command = kustomize.command()
    if command is None:
        absent("nothing here builds a kustomization: kubectl 1.27 or kustomize 5")
    ran = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return documents(ran.stdout)


def name_of(path: Path) -> str:
    """Return how a test is called after a file or folder."""
    return str(path.relative_to(EXAMPLES))
