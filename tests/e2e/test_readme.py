"""The table of k8s-examples/README.md: what it says that one then sees is what a played pod shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.node_logs import ContainerLog
from tests.e2e.player.manifest import Document, documents
from tests.e2e.player.quantities import number
from tests.k8s_examples.examples import EXAMPLES, built
from tests.servers.certificates import Authority
from tests.servers.kubernetes_api import in_a_thread

if TYPE_CHECKING:
    from tests.e2e.player.play import Node, Playing
    from tests.servers.opensearch.node import OpenSearch

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
    label = "app.kubernetes.io/name"
    assert asked == f"kubectl get pod -l {label}={pod.pod.labels[label]}"
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
    node: Node, example_images: dict[str, str], search: OpenSearch, tmp_path: Path
) -> None:
    (row,) = [row for row in ROWS if row.applied == "daemonset"]
    node.images = example_images
    node.hosts = dict.fromkeys(("kubernetes.default.svc", "opensearch.monitoring"), search.address)
    authority = Authority(tmp_path)
    node.authority, node.token = Path(authority.path).read_text(), "token"
    pair = authority.issue("kubernetes.default.svc")
    with in_a_thread(search.address, 443, pair) as api:
        # Labels as charts and people give them: one is the beginning of the other's path.
        api.add("shop", "web-1")
        api.add("shop", "api-1")["metadata"]["labels"]["app.kubernetes.io/name"] = "api"
        for name, identity in (("web-1", "a" * 64), ("api-1", "b" * 64)):
            ContainerLog(node.folder / "host", "cri", name, identity=identity).write(f"of {name}")
        with node.play(applied(row.applied)) as pod:
            pod.wait_for(lambda: search.count("kube-*") == 2)
    _, indices = search.request("GET", "/_cat/indices?format=json")
    assert [index["index"].startswith(row.seen) for index in indices] == [True]
    (found,) = search.search("kube-*", "kubernetes.labels.app:web AND log:of")
    assert found["_source"]["kubernetes"]["pod_name"] == "web-1"


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
