"""The manifests of real deployments, which lie beside the checkout: ours must run them as they are."""

from __future__ import annotations

import os

import pytest

from tests.architecture.workspace import ROOT

FOLDER = ROOT.parent / "shared" / "manifests"


def manifest_text(name: str) -> str:
    """Return a manifest; a test that needs one that is not there is skipped by name.

    With CI=true it fails.
    """
    path = FOLDER / name
    if not path.is_file():
        missing = f"{name} is not beside this checkout"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return path.read_text()
