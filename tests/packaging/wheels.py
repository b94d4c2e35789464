"""Our wheels, built for a test."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.architecture.workspace import members

if TYPE_CHECKING:
    from pathlib import Path


def run(*command: str | Path, directory: Path | None = None) -> str:
    """Return what a command writes; its failure is the test's."""
    ran = subprocess.run(
        [str(part) for part in command],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": ""},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def build_wheels(folder: Path) -> None:
    """Build the wheel of every member into a folder."""
    for member in members():
        run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder,
            directory=member.folder)  # fmt: skip
