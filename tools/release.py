"""The steps of a release after its images are pushed for each platform.

    python -m tools.release join ghcr.io/someone amd64 arm64
    python -m tools.release sign ghcr.io/someone

`join` needs docker with buildx; `sign` needs cosign, syft and the right to write to the registry.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from pillion_images.components import ROOT, present


def main(arguments: list[str]) -> int:
    """Do one step for every image."""
    step, registry, *architectures = arguments
    version = (ROOT / "VERSION").read_text().strip()
    for component in present():
        name = f"{registry.rstrip('/')}/{component.repository}:{version}"
        for command in joining(name, architectures) if step == "join" else signing(name):
            print(" ".join(command), flush=True)
            subprocess.run(command, check=True)
    return 0


def joining(name: str, architectures: list[str]) -> list[list[str]]:
    """Return what makes one name of the images `NAME-ARCHITECTURE`."""
    parts = [f"{name}-{architecture}" for architecture in architectures]
    return [["docker", "buildx", "imagetools", "create", "--tag", name, *parts]]


def signing(name: str) -> list[list[str]]:
    """Return what signs an image by its digest, and attaches what is in it."""
    digest = _digest(name)
    repository = name.rpartition(":")[0]
    pinned = f"{repository}@{digest}"
    predicate = Path(tempfile.gettempdir()) / f"{digest.removeprefix('sha256:')}.spdx.json"
    return [
        ["cosign", "sign", "--yes", "--recursive", pinned],
        ["syft", "scan", f"registry:{pinned}", "--output", f"spdx-json={predicate}"],
        ["cosign", "attest", "--yes", "--type", "spdxjson", "--predicate", str(predicate), pinned],
    ]


def _digest(name: str) -> str:
    command = [
        "docker",
        "buildx",
        "imagetools",
        "inspect",
        name,
        "--format",
        "{{.Manifest.Digest}}",
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
