"""The table of k8s-examples/README.md: what it says that one then sees is what a played pod shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.e2e.bulk_sink import bulk_sink
from tests.e2e.network import gateway
from tests.e2e.node_logs import ContainerLog
from tests.e2e.player.manifest import Document, documents
from tests.e2e.player.quantities import number
from tests.k8s_examples.examples import EXAMPLES, built

if TYPE_CHECKING:
    import docker

    from tests.e2e.player.play import Node, Playing

README = (EXAMPLES / "README.md").read_text()
ROW = re.compile(
    r"^\| [^|]+ \| `kubectl apply -(?:f|k) (\S+)` \| `([^`]+)` \| `([^`]+)`", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row whose words can be typed."""

    applied: str
    asked: str
    seen: str


ROWS = [Row(*found) for found in ROW.findall(README)]


def applied(path: str) -> list[Document]:
    where = EXAMPLES / path
    return built(where) if where.is_dir() else documents(where.read_text())


def answer(pod: Playing, asked: str) -> str:
    """Return what a command of the table shows."""
    if curl := re.fullmatch(r"curl -s '?localhost:(\d+)(/[^']*)'?", asked):
        return pod.get(int(curl[1]), curl[2]).text
    if logs := re.fullmatch(r"kubectl logs deploy/(\S+) -c (\S+)", asked):
        assert logs[1] == pod.pod.name
        return pod.logs(logs[2])
    assert asked == f"kubectl get pod -l app={pod.pod.labels['app']}"
    stay = [item.name for item in (*pod.pod.init, *pod.pod.containers)]
    return f"{sum(map(pod.is_running, stay))}/{len(stay)}"


@pytest.mark.parametrize(
    "row", [row for row in ROWS if "localhost" in row.asked or "kubectl" in row.asked],
    ids=lambda row: row.applied,
)  # fmt: skip
def test_a_pod_shows_what_the_table_says(
    node: Node, example_images: dict[str, str], row: Row
) -> None:
    node.images = example_images
    with node.play(applied(row.applied)) as pod:
        pod.wait_for(lambda: row.seen in answer(pod, row.asked), row.seen)


def test_the_daemonset_fills_the_indices_that_the_table_says(
    node: Node, example_images: dict[str, str], client: docker.DockerClient
) -> None:
    (row,) = [row for row in ROWS if row.applied == "daemonset"]
    node.images, address = example_images, gateway(client)
    node.hosts = {"kubernetes.default.svc": address, "opensearch.monitoring": address}
    ContainerLog(node.folder / "host", "cri", "web-1").write("hello")
    with bulk_sink(address, 9200) as found, node.play(applied(row.applied)) as pod:
        pod.wait_for(lambda: list(found))
    assert all(index.startswith(row.seen) for index in found)


def test_the_table_has_a_row_for_each_pod_and_each_kustomization() -> None:
    named = {row.applied for row in ROWS} | set(re.findall(r"kubectl apply -k (\w+)`", README))
    pods = {f"pods/{path.name}" for path in (EXAMPLES / "pods").glob("*.yaml")}
    assert {path for path in pods if "-legacy" not in path} <= named
    assert {"overlays/all-four", "daemonset", "monitoring"} <= named


def test_the_memory_that_the_readme_says_is_what_the_examples_ask_for() -> None:
    rows = re.findall(r"^\| `([a-z-]+)`([^|]*)\| (\d+Mi) \| (\d+) MiB", README, re.MULTILINE)
    assert len(rows) == 5
    for name, where, asks, needs in rows:
        found = applied("daemonset" if "node" in where else "overlays/all-four")
        specs = [
            item["spec"]["template"]["spec"] for item in found if "template" in item.get("spec", {})
        ]
        (container,) = [
            item
            for spec in specs
            for item in (*spec.get("initContainers", []), *spec["containers"])
            if item["name"] == name
        ]
        assert container["resources"]["requests"]["memory"] == asks
        assert int(needs) * 2**20 < 0.85 * number(asks)
