"""Every image as `pillion-images` leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pillion_images import registry as pushing
from pillion_images import sizes
from pillion_images.components import Component, present
from pillion_images.verifying import verify
from tests.e2e.conftest import TAG
from tests.e2e.registry import registry

if TYPE_CHECKING:
    from pathlib import Path

    import docker

EACH = pytest.mark.parametrize("component", present(), ids=lambda item: item.name)


@EACH
def test_an_image_runs_restricted_and_holds_nothing_unwanted(
    client: docker.DockerClient, base: str, ours: dict[str, str], component: Component
) -> None:
    assert verify(client, component, ours[component.name], base) == []


def test_all_images_share_the_base_and_the_layer_of_the_core(
    client: docker.DockerClient, base: str, ours: dict[str, str]
) -> None:
    underneath = client.images.get(base).attrs["RootFS"]["Layers"]
    layers = [client.images.get(image).attrs["RootFS"]["Layers"] for image in ours.values()]
    shared = {tuple(found[: len(underneath) + 1]) for found in layers}
    assert len(shared) == 1
    assert next(iter(shared))[: len(underneath)] == tuple(underneath)


def test_the_sizes_are_within_their_limits(
    client: docker.DockerClient, base: str, ours: dict[str, str]
) -> None:
    measured = [sizes.measure(client, image, base) for image in ours.values()]
    assert [line for size in measured for line in size.complaints()] == []


def test_the_base_has_no_program_but_python(client: docker.DockerClient, base: str) -> None:
    script = (
        "import os; print(sorted(os.path.join(d, f) for t in ('/bin', '/sbin', '/usr/bin', "
        "'/usr/sbin', '/usr/local/bin') if os.path.isdir(t) for d, _, n in os.walk(t) for f in n))"
    )
    shown = client.containers.run(base, ["python3", "-c", script], remove=True, network_mode="none")
    assert shown.decode().strip() == "['/usr/bin/python3', '/usr/bin/python3.11']"


def test_the_standard_library_is_compiled_for_a_root_that_cannot_be_written(
    client: docker.DockerClient, base: str
) -> None:
    script = "import importlib.util as u, asyncio, os; print(os.path.exists(u.cache_from_source(asyncio.__file__)))"
    shown = client.containers.run(base, ["python3", "-c", script], remove=True, network_mode="none")
    assert shown.decode().strip() == "True"


def test_the_base_knows_its_time_zones_its_certificates_and_its_packages(
    client: docker.DockerClient, base: str
) -> None:
    script = (
        "import os, ssl, zoneinfo; zoneinfo.ZoneInfo('Asia/Tokyo'); "
        "print(len(ssl.create_default_context().get_ca_certs()) > 100, "
        "'libssl3' in os.listdir('/var/lib/dpkg/status.d'))"
    )
    shown = client.containers.run(base, ["python3", "-c", script], remove=True, network_mode="none")
    assert shown.decode().strip() == "True True"


def test_an_image_goes_through_a_registry_and_runs(
    client: docker.DockerClient, ours: dict[str, str], tmp_path: Path
) -> None:
    component = present()[0]
    with registry(tmp_path) as address:
        digest = pushing.push(client, component, f"{address}/team", TAG, print)
        assert digest.startswith(f"{address}/team/{component.repository}@sha256:")
        client.images.remove(f"{address}/team/{component.repository}:{TAG}", force=True)
        pulled = client.images.pull(digest)
        assert pulled.id == client.images.get(ours[component.name]).id
        shown = client.containers.run(digest, ["--version"], remove=True)
    assert shown.decode().startswith(f"{component.command} ")
