"""Shared by the tests of the log agent."""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.core.tail.conftest import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = itertools.count()


@pytest.fixture
def node() -> Iterator[Path]:
    """A folder whose path has no underscore: the manifests' Tag_Regex takes the path apart at them."""
    path = Path(f"/tmp/pillion-node-{os.getpid()}-{next(_numbers)}")
    path.mkdir()
    yield path
    shutil.rmtree(path)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A tailer on a directory, with its time in the test's hands."""
    made = Bench(tmp_path)
    yield made
    for tailer in made.tailers:
        tailer.close()
