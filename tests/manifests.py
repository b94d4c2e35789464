"""The manifests of real deployments, which lie beside the checkout: ours must run them as they are."""

from __future__ import annotations

from tests.architecture.workspace import ROOT
from tests.needs import absent

FOLDER = ROOT.parent / "shared" / "manifests"


def manifest_text(name: str) -> str:
    """Return a manifest; a test that needs one that is not there is skipped by name.

    With CI=true it fails.
    """
    path = FOLDER / name
    if not path.is_file():
        absent(f"{name} is not beside this checkout")
    return path.read_text()
