"""The manifests beside these tests: one shape each that people have in their repositories."""

from __future__ import annotations

from pathlib import Path

from pillion_inject.documents import File

FOLDER = Path(__file__).parent / "manifests"
MANIFESTS = sorted(FOLDER.iterdir())
# Where the application's volume is not at /var/log/app.
LOGS = {"statefulset-claims.yaml": "/data/logs", "daemonset-host-path.yaml": "/var/log/node"}
CONTAINER = {"deployment-anchors.yaml": "app"}


def read(path: Path) -> str:
    """Return the text of a manifest with the line ends that it has."""
    return path.read_bytes().decode()


def file(text: str, name: str = "m.yaml") -> File:
    """Return a file of that text."""
    return File(name, text)
