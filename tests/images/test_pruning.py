"""What is left of botocore in an image still assumes a role."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import botocore

from pillion_images.components import ROOT

if TYPE_CHECKING:
    from types import ModuleType

MAKES_A_CLIENT = """
import botocore, botocore.session
assert botocore.__file__.startswith({folder!r})
client = botocore.session.Session().create_client("sts", region_name="eu-west-1")
print(client.meta.endpoint_url)
"""


def install() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", ROOT / "images/container/install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_of_the_services_of_aws_only_that_of_roles_is_kept(tmp_path: Path) -> None:
    kept = tmp_path / "botocore"
    whole = Path(botocore.__file__).parent
    # As many of the services as tell, since all of them are 25 MB.
    shutil.copytree(
        whole,
        kept,
        ignore=lambda folder, names: (
            [name for name in names if name not in ("sts", "s3", "logs") and "." not in name]
            if Path(folder) == whole / "data"
            else []
        ),
    )
    install().prune(tmp_path)
    assert [path.name for path in (kept / "data").iterdir() if path.is_dir()] == ["sts"]
    ended = subprocess.run(
        [sys.executable, "-c", MAKES_A_CLIENT.format(folder=str(tmp_path))],
        env={"PYTHONPATH": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout.strip().startswith("https://sts"), ended.stderr
