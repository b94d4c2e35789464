from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.architecture.workspace import ROOT
from tools import release

WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())


def test_images_of_two_platforms_become_one_name() -> None:
    assert release.joining("r/pillion/x:1", ["amd64", "arm64"]) == [
        ["docker", "buildx", "imagetools", "create", "--tag", "r/pillion/x:1",
         "r/pillion/x:1-amd64", "r/pillion/x:1-arm64"],
    ]  # fmt: skip


def test_an_image_is_signed_and_described_by_its_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "_digest", lambda _: "sha256:abc")
    sign, scan, attest = release.signing("r/pillion/x:1")
    assert sign[-1] == attest[-1] == "r/pillion/x@sha256:abc"
    assert scan[2] == "registry:r/pillion/x@sha256:abc"


def test_every_step_of_the_workflow_is_a_target_of_make() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    steps = [
        step["run"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "run" in step
    ]
    made = {command.split()[1] for command in steps if command.startswith("make ")}
    assert made <= targets
    assert {"wheels", "images", "images-verify", "images-push", "images-sign"} <= made
