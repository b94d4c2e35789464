"""What is cut off compiled modules, with a real one."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pillion_images.components import ROOT

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture
def install() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", ROOT / "images/container/install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_stripped_module_is_smaller_and_works(install: ModuleType, tmp_path: Path) -> None:
    found = importlib.util.find_spec("multidict._multidict")
    assert found is not None
    assert found.origin is not None
    content = Path(found.origin).read_bytes()
    (tmp_path / "multidict").mkdir()
    for path in Path(found.origin).parent.glob("*.py"):
        (tmp_path / "multidict" / path.name).write_bytes(path.read_bytes())
    compiled = tmp_path / "multidict" / Path(found.origin).name
    compiled.write_bytes(content)
    install.strip(tmp_path)
    assert compiled.stat().st_size < len(content)
    script = "import multidict._multidict as m; print(m.__file__, m.MultiDict([('a', 1)])['a'])"
    shown = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert shown.stdout == f"{compiled} 1\n"


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF\x01\x01" + bytes(60)])
def test_what_is_no_such_file_stays_as_it_is(install: ModuleType, content: bytes) -> None:
    assert install.end_of_segments(content) is None
