"""DNS answers that change between judgement and connection change nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.architecture.workspace import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SETUP = """
ip link set lo up
mount --bind "$1" /etc/resolv.conf
exec "$2" -m tests.exporters.blackbox.rebinding "$3"
"""
needs_namespaces = pytest.mark.skipif(
    os.geteuid() != 0
    or not shutil.which("unshare")
    or subprocess.run(["unshare", "-nm", "true"], check=False, capture_output=True).returncode != 0,
    reason="namespaces need root and unshare",
)


@needs_namespaces
@pytest.mark.parametrize(
    "module",
    ["prober: http", "prober: http\naddresses: any", "prober: tcp", "prober: tcp\naddresses: all"],
)
def test_a_name_server_that_changes_its_mind_gets_nobody_in(tmp_path: Path, module: str) -> None:
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    ran = subprocess.run(
        [
            "unshare",
            "-nm",
            "sh",
            "-ec",
            SETUP,
            "sh",
            tmp_path / "resolv.conf",
            sys.executable,
            module,
        ],
        capture_output=True,
        check=False,
        cwd=ROOT,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert said["denied server"] == 0
    assert set(said["outcomes"]) == {"in", "denied"}
    assert said["asked"] >= len(said["outcomes"])
