"""`fluent-bit-daemonset.yaml` with each of its ConfigMaps, and our image in fluent-bit's place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.bulk_sink import bulk_sink
from tests.e2e.fluent_bit import IMAGE, begun_log, manifest, wait_until_followed
from tests.e2e.network import gateway
from tests.e2e.node_logs import MOMENT

if TYPE_CHECKING:
    import docker

    from tests.e2e.node_logs import ContainerLog
    from tests.e2e.player.play import Node


@pytest.fixture
def node(node: Node, ours: dict[str, str]) -> Node:
    node.images = {IMAGE: ours["log-agent"]}
    return node


@pytest.fixture
def log(node: Node) -> ContainerLog:
    return begun_log(node.folder / "host")


def test_lines_of_the_namespace_go_to_standard_output_as_json(
    node: Node, log: ContainerLog
) -> None:
    with node.play(manifest("fluent-bit-config-stdout.yaml")) as pod:
        wait_until_followed(pod)
        log.write("ready", "steady")
        pod.wait_for(lambda: "steady" in pod.output("fluent-bit"))
        shown = [json.loads(line) for line in pod.output("fluent-bit").splitlines()]
        assert [record["log"].strip() for record in shown] == ["ready", "steady"]
        assert shown[0]["stream"] == "stdout"
        assert shown[0]["time"] == MOMENT
        assert pod.stop() == {"fluent-bit": 0}


@pytest.mark.parametrize(
    ("configuration", "lines", "expected"),
    [
        ("fluent-bit-config-elasticsearch.yaml", ["ready", "steady"], ["ready", "steady"]),
        (
            "fluent-bit-config-grep.yaml",
            ['{"priority": "6", "m": "a"}', '{"priority": "3", "m": "b"}'],
            ["b"],
        ),
    ],
)
def test_documents_of_the_namespace_go_to_their_index(
    node: Node,
    log: ContainerLog,
    client: docker.DockerClient,
    *,
    configuration: str,
    lines: list[str],
    expected: list[str],
) -> None:
    address = gateway(client)
    # Nobody answers for the API; without its name the resolver would be waited for.
    node.hosts = {"elasticsearch": address, "kubernetes.default.svc": address}
    with bulk_sink(address, 9200) as found, node.play(manifest(configuration)) as pod:
        wait_until_followed(pod)
        log.write(*lines)
        pod.wait_for(lambda: found.get("test"))
        assert pod.stop() == {"fluent-bit": 0}
    assert set(found) == {"test"}
    assert [_message(document) for document in found["test"]] == expected


def _message(document: dict[str, Any]) -> str:
    return str(document.get("m") or document["log"]).strip()
