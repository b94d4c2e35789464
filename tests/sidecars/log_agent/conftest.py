"""Shared by the tests of the log agent."""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.core.tail.conftest import Bench
from tests.servers.aws import ENVIRONMENT, moto_server
from tests.servers.opensearch import node as opensearch_node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.aws import Aws
    from tests.servers.opensearch.node import OpenSearch

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


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch what OpenSearch needs while other tests run: the first time it takes a while."""
    wanted = any("opensearch" in getattr(item, "fixturenames", ()) for item in session.items)
    if wanted and not session.config.option.collectonly:
        opensearch_node.fetch()


@pytest.fixture(scope="session")
def opensearch_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSearch]:
    with opensearch_node.opensearch(tmp_path_factory.mktemp("opensearch")) as running:
        yield running


@pytest.fixture
def opensearch(opensearch_process: OpenSearch) -> Iterator[OpenSearch]:
    """A node with nothing in it."""
    yield opensearch_process
    opensearch_process.clear()


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    """moto's server; each test has names of its own in it."""
    with moto_server() as running:
        yield running


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that moto takes, and nothing of this machine's."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
