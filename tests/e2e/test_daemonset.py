"""Our DaemonSet on a node: the logs of its containers, with what the API says of their pods."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.bulk_sink import bulk_sink
from tests.e2e.network import gateway
from tests.e2e.node_logs import ContainerLog
from tests.e2e.player.account import FOLDER
from tests.k8s_examples.examples import EXAMPLES, built
from tests.servers.certificates import Authority
from tests.servers.kubernetes_api import KubernetesApi, in_a_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker

    from tests.e2e.player.play import Node

POD = "web-5d9c7b6f4-x2x7p"


@dataclass(frozen=True, slots=True)
class Cluster:
    """What is around a node: its API, and where the documents go."""

    node: Node
    api: KubernetesApi
    found: dict[str, list[dict[str, Any]]]

    def documents(self) -> list[dict[str, Any]]:
        return [document for documents in self.found.values() for document in documents]

    def has(self, count: int) -> bool:
        return len(self.documents()) == count

    def logs(self) -> list[str]:
        return [str(document.get("log", "")).strip() for document in self.documents()]


@pytest.fixture
def cluster(
    node: Node, example_images: dict[str, str], client: docker.DockerClient, tmp_path: Path
) -> Iterator[Cluster]:
    node.images = example_images
    address = gateway(client)
    node.hosts = {"kubernetes.default.svc": address, "opensearch.monitoring": address}
    authority = Authority(tmp_path)
    node.authority, node.token = Path(authority.path).read_text(), "s3cret-token"
    pair = authority.issue("kubernetes.default.svc")
    with in_a_thread(address, 443, pair) as api, bulk_sink(address, 9200) as found:
        api.add("shop", POD, team="blue")
        yield Cluster(node, api, found)


@pytest.mark.parametrize("runtime", ["cri", "docker"])
def test_lines_become_documents_with_their_pod_s_name_namespace_and_labels(
    cluster: Cluster, runtime: str
) -> None:
    log = ContainerLog(cluster.node.folder / "host", runtime, POD)
    log.write("a long \\", "line", '{"level": "warn", "user": 7}')
    with cluster.node.play(built(EXAMPLES / "daemonset")) as pod:
        pod.wait_for(lambda: len(cluster.documents()) == 2)
        log.write("trouble", stream="stderr")
        log.rotate()
        log.write("after the rotation")
        pod.wait_for(lambda: len(cluster.documents()) == 4)
        assert pod.stop() == {"log-agent": 0}
    assert list(cluster.found) == ["kube-2026.11.20"]
    first, merged, trouble, rotated = cluster.documents()
    assert first["log"].strip() == "a long line"
    assert (merged["level"], merged["user"]) == ("warn", 7)
    assert (trouble["stream"], trouble["log"].strip()) == ("stderr", "trouble")
    assert rotated["log"].strip() == "after the rotation"
    for document in cluster.documents():
        told = document["kubernetes"]
        assert (told["pod_name"], told["namespace_name"]) == (POD, "shop")
        assert (told["container_name"], told["host"]) == ("api", "node-1")
        assert (told["labels"], told["annotations"]) == ({"app": "web"}, {"team": "blue"})


def test_it_asks_the_api_as_its_own_account_over_a_connection_that_it_has_checked(
    cluster: Cluster,
) -> None:
    ContainerLog(cluster.node.folder / "host", "cri", POD).write("hello")
    with cluster.node.play(built(EXAMPLES / "daemonset")) as pod:
        pod.wait_for(cluster.documents)
        assert cluster.api.tokens == {"Authorization: Bearer s3cret-token"}
        assert "s3cret" not in pod.logs("log-agent")
        script = f"import os; print(os.readlink('{FOLDER}/token'), os.listdir('{FOLDER}/..data'))"
        _, shown = pod.execute("log-agent", ["/usr/bin/python3", "-c", script])
        assert "..data/token" in shown
        assert all(name in shown for name in ("'token'", "'ca.crt'", "'namespace'"))


def test_an_api_with_another_certificate_is_not_told_the_token(
    cluster: Cluster, tmp_path: Path
) -> None:
    other = Authority(tmp_path, "other")
    cluster.node.authority = Path(other.path).read_text()
    ContainerLog(cluster.node.folder / "host", "cri", POD).write("hello")
    with cluster.node.play(built(EXAMPLES / "daemonset")) as pod:
        pod.wait_for(cluster.documents)
        assert cluster.api.tokens == set()
        # What the file's name says is there all the same.
        assert cluster.documents()[0]["kubernetes"]["pod_name"] == POD


def test_every_line_comes_once_over_rotations_that_rename_and_compress(cluster: Cluster) -> None:
    log = ContainerLog(cluster.node.folder / "host", "cri", POD)
    with cluster.node.play(built(EXAMPLES / "daemonset")) as pod:
        for turn in range(4):
            log.write(*(f"{turn}-{number}" for number in range(50)))
            expected = 50 * (turn + 1)
            pod.wait_for(partial(cluster.has, expected))
            log.rotate()
        assert pod.stop() == {"log-agent": 0}
    assert cluster.logs() == [f"{turn}-{number}" for turn in range(4) for number in range(50)]


def test_its_own_log_is_left_alone_and_a_pod_that_comes_later_is_not(cluster: Cluster) -> None:
    host = cluster.node.folder / "host"
    own = ContainerLog(
        host, "cri", "log-agent-1", namespace="logging", container="log-agent", identity="f" * 64
    )
    own.write("its own")
    ContainerLog(host, "cri", POD).write("hello")
    with cluster.node.play(built(EXAMPLES / "daemonset")) as pod:
        pod.wait_for(cluster.documents)
        cluster.api.add("shop", "late-1")
        ContainerLog(host, "cri", "late-1", identity="a" * 64).write("late")
        pod.wait_for(lambda: "late" in cluster.logs())
        pod.stop()
    assert cluster.logs() == ["hello", "late"]
    assert cluster.documents()[1]["kubernetes"]["labels"] == {"app": "late"}


def test_no_line_is_missing_after_it_was_killed(cluster: Cluster) -> None:
    log = ContainerLog(cluster.node.folder / "host", "cri", POD)
    log.write("one", "two")
    with cluster.node.play(built(EXAMPLES / "daemonset")) as pod:
        pod.wait_for(lambda: len(cluster.documents()) == 2)
        pod.kill("log-agent")
        log.write("three")
        pod.restart("log-agent")
        pod.wait_for(lambda: "three" in cluster.logs())
        pod.stop()
    assert set(cluster.logs()) == {"one", "two", "three"}
