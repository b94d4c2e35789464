"""Every document against the schemas of Kubernetes, and what we promise of ours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import kubernetes_validate
import pytest

from pillion_images.components import COMPONENTS
from tests.architecture.workspace import ROOT
from tests.e2e.player.manifest import Document, documents
from tests.k8s_examples.examples import EXAMPLES, KUSTOMIZATIONS, PODS, built, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
OURS = tuple(f"pillion/{component.name}:" for component in COMPONENTS)


def newest_releases(count: int) -> list[str]:
    minors = {int(path.name.split(".")[1].split("-")[0]) for path in SCHEMAS.glob("v1.*")}
    return [f"1.{minor}" for minor in sorted(minors)[-count:]]


def containers(found: list[Document]) -> Iterator[Document]:
    for document in found:
        spec = document.get("spec", {}).get("template", {}).get("spec", {})
        yield from spec.get("initContainers", [])
        yield from spec.get("containers", [])


@pytest.mark.parametrize("release", newest_releases(3))
@pytest.mark.parametrize("path", PODS, ids=name_of)
def test_a_pod_is_valid(path: Path, release: str) -> None:
    for document in documents(path.read_text()):
        kubernetes_validate.validate(document, release, strict=True)


@pytest.mark.parametrize("folder", KUSTOMIZATIONS, ids=name_of)
def test_a_kustomization_is_built_and_all_of_it_is_valid(folder: Path) -> None:
    for document in built(folder):
        for release in newest_releases(3):
            kubernetes_validate.validate(document, release, strict=True)


@pytest.mark.parametrize("path", PODS, ids=name_of)
def test_our_containers_are_restricted_and_have_their_memory(path: Path) -> None:
    ours = [
        item for item in containers(documents(path.read_text())) if item["image"].startswith(OURS)
    ]
    assert ours
    for container in ours:
        _is_restricted(container)


@pytest.mark.parametrize("folder", KUSTOMIZATIONS, ids=name_of)
def test_our_containers_of_a_kustomization_are_restricted_too(folder: Path) -> None:
    for container in containers(built(folder)):
        if container["image"].startswith(OURS):
            _is_restricted(container)


def _is_restricted(container: Document) -> None:
    assert container["securityContext"] == {
        "runAsNonRoot": True,
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    resources = container["resources"]
    assert resources["limits"]["memory"] == resources["requests"]["memory"]


def test_our_images_have_the_version_of_this_checkout() -> None:
    version = (ROOT / "VERSION").read_text().strip()
    named = {
        line.split("image:")[1].strip()
        for path in EXAMPLES.rglob("*.yaml")
        for line in path.read_text().splitlines()
        if "image: pillion/" in line
    }
    assert named == {f"{component.repository}:{version}" for component in COMPONENTS}


def test_the_overlay_adds_all_four_to_the_application_and_changes_nothing_of_it() -> None:
    def shop(folder: str) -> Document:
        found = built(EXAMPLES / folder)
        (deployment,) = [item for item in found if item["kind"] == "Deployment"]
        spec: Document = deployment["spec"]["template"]["spec"]
        return spec

    before, after = shop("apps/shop"), shop("overlays/all-four")
    assert after["containers"] == before["containers"]
    assert {item["name"] for item in after["initContainers"]} == {
        component.name for component in COMPONENTS if not component.hosts
    }
    assert all(item["restartPolicy"] == "Always" for item in after["initContainers"])
    assert [item for item in after["volumes"] if item in before["volumes"]] == before["volumes"]


def test_the_overlay_in_one_container_adds_no_other() -> None:
    (deployment,) = (
        item for item in built(EXAMPLES / "overlays/all-in-one") if item["kind"] == "Deployment"
    )
    added = deployment["spec"]["template"]["spec"]["initContainers"]
    assert [item["name"] for item in added] == ["sidecar"]


STATEFUL = """
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: NAME
  labels: {pillion.io/COMPONENT: "WANTED"}
spec:
  serviceName: NAME
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      containers: [{name: app, image: app:1, volumeMounts: [{name: logs, mountPath: /logs}]}]
      volumes: [{name: logs, emptyDir: {}}]
"""


@pytest.mark.parametrize("component", [component.name for component in COMPONENTS])
def test_a_component_adds_its_sidecar_to_a_stateful_set_with_its_label_and_to_no_other(
    component: str, tmp_path: Path
) -> None:
    for name, wanted in (("with", "true"), ("without", "false")):
        text = STATEFUL.replace("NAME", name).replace("WANTED", wanted)
        (tmp_path / f"{name}.yaml").write_text(text.replace("COMPONENT", component))
    relative = os.path.relpath(EXAMPLES / "components" / component, tmp_path.resolve())
    (tmp_path / "kustomization.yaml").write_text(
        f"resources: [with.yaml, without.yaml]\ncomponents: [{relative}]\n"
    )
    found = [item for item in built(tmp_path) if item["kind"] == "StatefulSet"]
    added = {
        item["metadata"]["name"]: [
            each["name"] for each in item["spec"]["template"]["spec"].get("initContainers", [])
        ]
        for item in found
    }
    assert added == {"with": [component], "without": []}
    for document in found:
        for release in newest_releases(3):
            kubernetes_validate.validate(document, release, strict=True)
