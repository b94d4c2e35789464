"""Every manifest: what is added is valid, adding twice changes nothing, removing restores it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from pillion_inject import offline
from pillion_inject.request import Request
from pillion_inject.workloads import objects
from tests.inject.manifests_here import CONTAINER, LOGS, MANIFESTS, file, read

EACH = pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
# Shapes that are written anew, or a line of them: what they hold is the same, and not every byte.
REWRITTEN = {
    "deployment-null-fields",  # `x: null` becomes `x:`
    "deployment-tight-lists",  # a flow list over two lines
    "flow-mapping", "pod",  # flow mappings
    "mixed-lists",  # two indentations of lists
}  # fmt: skip
SIDECARS = ("log-streamer", "log-agent")
EACH_SIDECAR = pytest.mark.parametrize("sidecar", SIDECARS)


def everything(path: Path, sidecar: str = "log-streamer", *, is_native: bool = True) -> Request:
    return Request(
        nginx=True,
        nginx_uri="http://localhost/stub_status",
        probe=True,
        logs=(LOGS.get(path.name, "/var/log/app"),),
        log_sidecar=sidecar,
        container=CONTAINER.get(path.name, ""),
        is_native=is_native,
    )


def injected(text: str, request: Request) -> str:
    target = file(text)
    offline.apply([target], [], request)
    return target.render()


def documents(text: str) -> list[Any]:
    return [item for tree in yaml.safe_load_all(text) for item in objects(tree)]


def test_there_are_forty_shapes() -> None:
    assert len(MANIFESTS) >= 40


@EACH
def test_an_untouched_manifest_keeps_every_byte(path: Path) -> None:
    assert file(read(path)).render() == read(path)


@EACH
@EACH_SIDECAR
def test_what_is_injected_is_valid(path: Path, sidecar: str) -> None:
    text = injected(read(path), everything(path, sidecar))
    found = documents(text)
    assert text.count("nginx-metrics") >= 3
    for item in found:
        for release in ("1.29", "1.34"):
            kubernetes_validate.validate(item, release, strict=True)


@EACH
def test_legacy_containers_are_valid_before_native_sidecars(path: Path) -> None:
    if path.stem in ("job", "cronjob"):
        with pytest.raises(Exception, match="would never complete"):
            injected(read(path), everything(path, is_native=False))
        return
    if path.stem == "native-sidecar":
        pytest.skip("it has a native sidecar of its own")
    for item in documents(injected(read(path), everything(path, is_native=False))):
        kubernetes_validate.validate(item, "1.27", strict=True)


@EACH
@EACH_SIDECAR
def test_injecting_twice_changes_nothing(path: Path, sidecar: str) -> None:
    once = injected(read(path), everything(path, sidecar))
    assert injected(once, everything(path, sidecar)) == once


@EACH
@EACH_SIDECAR
def test_removing_restores_the_manifest(path: Path, sidecar: str) -> None:
    target = file(injected(read(path), everything(path, sidecar)))
    offline.take_out([target], [])
    assert documents(target.render()) == documents(read(path))
    if path.stem not in REWRITTEN:
        assert target.render().rstrip("\n") == read(path).rstrip("\n")


@EACH
def test_no_line_of_the_manifest_is_lost_or_moved(path: Path) -> None:
    if path.stem in (*REWRITTEN, "deployment"):
        pytest.skip("it is written anew")
    after = iter(injected(read(path), everything(path)).splitlines())
    lines = read(path).splitlines()
    changed = re.compile(r"^\s*(annotations|volumes|initContainers|volumeMounts): *(\[\]|null)?$")
    flow = re.compile(r"labels: \{")
    for line in lines:
        if not changed.match(line) and not flow.search(line):
            assert any(each == line for each in after), line


@EACH
def test_injecting_one_after_the_other_is_injecting_both(path: Path) -> None:
    request = everything(path)
    logs = Request(logs=request.logs, container=request.container)
    rest = Request(nginx=True, nginx_uri=request.nginx_uri, probe=True)
    stepwise, at_once = injected(injected(read(path), logs), rest), injected(read(path), request)
    assert documents(stepwise) == documents(at_once)
    if path.stem not in REWRITTEN:
        assert stepwise == at_once
