"""An engine, our images and the applications' images, once for all tests of pods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest

from pillion_images import building, components
from pillion_images.bases import BASES
from pillion_images.building import Build
from pillion_images.debian import make
from tests.e2e.applications import nginx_image, numbers_api_image
from tests.e2e.network import gateway
from tests.e2e.player.play import Node
from tests.needs import absent, program
from tests.packaging.wheels import build_wheels
from tests.servers.opensearch.node import OpenSearch, opensearch
from tools import engine

if TYPE_CHECKING:
    from collections.abc import Iterator

TAG = "e2e"


@pytest.fixture(scope="session")
def engine_address() -> Iterator[str]:
    """An engine that answers; a test that needs one is skipped by name where there is none."""
    program("mmdebstrap")
    try:
        with engine.engine() as address:
            yield address
    except engine.NoEngineError as error:
        absent(str(error))


@pytest.fixture(scope="session")
def client(engine_address: str) -> Iterator[docker.DockerClient]:
    client = docker.DockerClient(base_url=engine_address, version="auto", timeout=600)
    yield client
    _remove_images(client)
    client.close()


@pytest.fixture(scope="session")
def platform(client: docker.DockerClient) -> str:
    return f"linux/{client.version()['Arch']}"


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our wheels."""
    folder = tmp_path_factory.mktemp("dist")
    build_wheels(folder)
    return folder


def _remove_images(client: docker.DockerClient) -> None:
    """Remove what the tests tagged, from an engine that is not of this run alone too."""
    for image in client.images.list():
        for name in image.tags:
            if name.startswith("pillion-e2e/") or name.endswith(f":{TAG}"):
                client.images.remove(name, force=True)


@pytest.fixture(scope="session")
def busybox(client: docker.DockerClient) -> str:
    return make.make_busybox(client, print)


@pytest.fixture(scope="session")
def base(client: docker.DockerClient, busybox: str) -> str:
    """The base image out of Debian's packages; the busybox beside it."""
    return make.make_base(client, print)


@pytest.fixture(scope="session")
def ours(client: docker.DockerClient, base: str, platform: str, dist: Path) -> dict[str, str]:
    """Our images by the component's name, all that this checkout has."""
    how = Build(base=BASES["debian"], tag=TAG, platform=platform, dist=dist)
    return {
        component.name: building.build(client, component, how, print)
        for component in components.present()
    }


@pytest.fixture(scope="session")
def nginx(client: docker.DockerClient) -> str:
    return nginx_image(client)


@pytest.fixture(scope="session")
def numbers_api(client: docker.DockerClient, base: str) -> str:
    return numbers_api_image(client, base)


@pytest.fixture(scope="session")
def example_images(
    nginx: str, numbers_api: str, busybox: str, ours: dict[str, str]
) -> dict[str, str]:
    """The images that k8s-examples name, by those names."""
    version = (components.ROOT / "VERSION").read_text().strip()
    return {
        "nginx:1.29-alpine": nginx,
        "kiamol/ch03-numbers-api": numbers_api,
        "busybox:1.37": busybox,
        **{f"pillion/{name}:{version}": image for name, image in ours.items()},
    }


@pytest.fixture
def node(client: docker.DockerClient, busybox: str, tmp_path: Path) -> Node:
    """A node that has busybox; a test adds the images that its manifest names."""
    return Node(client, {"busybox": busybox}, tmp_path, busybox)


@pytest.fixture
def search(client: docker.DockerClient, tmp_path: Path) -> Iterator[OpenSearch]:
    """A real OpenSearch on this machine's address in the pods' network."""
    with opensearch(tmp_path / "opensearch", gateway(client), 9200) as running:
        yield running
