"""Every image as `pillion-images` leaves it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pillion_images import building, sizes
from pillion_images import registry as pushing
from pillion_images.bases import BASES, DEBIAN_BASE
from pillion_images.building import Build
from pillion_images.components import ROOT, Component, present
from pillion_images.errors import ImageError
from pillion_images.verifying import verify
from tests.e2e.conftest import TAG
from tests.e2e.registry import registry

if TYPE_CHECKING:
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
    measured = [sizes.measure(client, each, ours[each.name], base) for each in present()]
    assert [line for size in measured for line in size.complaints()] == []


def test_the_sizes_are_the_ones_that_the_readme_says(
    client: docker.DockerClient, base: str, ours: dict[str, str]
) -> None:
    readme = (ROOT / "images/README.md").read_text()
    measured = {each.name: sizes.measure(client, each, ours[each.name], base) for each in present()}
    said = {name: float(figure) for name, figure in re.findall(r"`([a-z-]+)` (\d+\.\d)", readme)}
    assert {name: size.own / 1e6 for name, size in measured.items()} == pytest.approx(said, abs=0.3)
    any_of_them = next(iter(measured.values()))
    for row, actual in (("base", any_of_them.base), ("shared", any_of_them.shared)):
        (figure,) = re.findall(rf"^\| {row}\b.*\| (\d+\.\d) \|$", readme, re.MULTILINE)
        assert actual / 1e6 == pytest.approx(float(figure), abs=1)


def test_a_rebuild_without_the_cache_has_the_same_layers(
    client: docker.DockerClient, ours: dict[str, str], platform: str, dist: Path
) -> None:
    component = present()[0]
    before = client.images.get(ours[component.name]).attrs["RootFS"]["Layers"]
    how = Build(BASES["debian"], f"again-{TAG}", platform, dist, cache=False)
    again = building.build(client, component, how, print)
    try:
        assert client.images.get(again).attrs["RootFS"]["Layers"] == before
    finally:
        client.images.remove(again, force=True)


def test_another_platform_than_the_base_s_is_refused_before_anything_is_built(
    client: docker.DockerClient, base: str, platform: str, dist: Path
) -> None:
    other = "linux/arm64" if platform == "linux/amd64" else "linux/amd64"
    how = Build(BASES["debian"], TAG, other, dist)
    with pytest.raises(ImageError, match=f"^pillion/base is here for {platform}, and {other} is"):
        building.build(client, present()[0], how, print)


def test_a_base_that_was_not_made_is_an_error_that_says_how(
    client: docker.DockerClient, platform: str, dist: Path
) -> None:
    client.images.get(DEBIAN_BASE).tag(f"{DEBIAN_BASE}-kept")
    client.images.remove(DEBIAN_BASE)
    try:
        with pytest.raises(ImageError, match="`pillion-images base` makes it"):
            building.build(client, present()[0], Build(BASES["debian"], TAG, platform, dist), print)
    finally:
        client.images.get(f"{DEBIAN_BASE}-kept").tag(DEBIAN_BASE)
        client.images.remove(f"{DEBIAN_BASE}-kept")


def test_the_command_does_what_a_release_asks_of_it(
    ours: dict[str, str], engine_address: str, dist: Path, tmp_path: Path
) -> None:
    component = present()[0]

    def run(*words: str) -> str:
        command = [str(Path(sys.executable).parent / "pillion-images"), *words]
        environment = {**os.environ, "DOCKER_HOST": engine_address}
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    of_it = (component.name, f"--tag={TAG}")
    shown = run("build", *of_it, "--base=debian", f"--dist={dist}", "--label=org.example.a=b")
    assert f"{component.name}: step " in shown
    assert re.search(rf"^{component.repository}:{TAG} +\d+\.\d +\d+\.\d ", shown, re.MULTILINE)
    assert f"{component.repository}:{TAG}  " in run("list")
    assert run("verify", *of_it, "--base=debian") == f"{component.name}: as it should be\n"
    with registry(tmp_path) as address:
        assert f"{address}/team/{component.repository}@sha256:" in run(
            "push", *of_it, f"--registry={address}/team"
        )


def test_the_base_has_no_program_but_python(client: docker.DockerClient, base: str) -> None:
    script = (
        "import os; print(sorted(os.path.join(d, f) for t in ('/bin', '/sbin', '/usr/bin', "
        "'/usr/sbin', '/usr/local/bin') if os.path.realpath(t) == t for d, _, n in os.walk(t) for f in n))"
    )
    shown = client.containers.run(base, ["python3", "-c", script], remove=True, network_mode="none")
    assert shown.decode().strip() == "['/usr/bin/python3', '/usr/bin/python3.13']"


def test_every_compiled_module_of_the_standard_library_finds_its_libraries(
    client: docker.DockerClient, base: str
) -> None:
    script = (
        "import importlib, os, _ssl; folder = os.path.dirname(_ssl.__file__); "
        "[importlib.import_module(name.split('.')[0]) for name in os.listdir(folder)]; print('all')"
    )
    shown = client.containers.run(base, ["python3", "-c", script], remove=True, network_mode="none")
    assert shown.decode().strip() == "all"


def test_docstrings_are_left_out_and_no_file_is_compiled_at_a_start(
    client: docker.DockerClient, ours: dict[str, str]
) -> None:
    script = (
        "import sys; sys.path[:0] = ['/opt/pillion/component', '/opt/pillion/shared']; "
        "import asyncio, pillion.tail; print(asyncio.__doc__, pillion.tail.__doc__, "
        "[name for name, module in list(sys.modules.items()) if name != '__main__' and "
        "getattr(module, '__cached__', None) and not __import__('os').path.exists(module.__cached__)])"
    )
    shown = client.containers.run(
        ours["log-agent"], ["-c", script], entrypoint=["python3"], remove=True, network_mode="none"
    )
    assert shown.decode().strip() == "None None []"


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
        "'libssl3t64' in os.listdir('/var/lib/dpkg/status.d'))"
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
