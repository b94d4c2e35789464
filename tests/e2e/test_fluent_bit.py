"""`fluent-bit-daemonset.yaml` with each of its ConfigMaps, and our image in fluent-bit's place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.bulk_sink import bulk_sink
from tests.e2e.network import gateway
from tests.e2e.node_logs import MOMENT, ContainerLog
from tests.e2e.player.manifest import Document, documents
from tests.manifests import manifest_text

if TYPE_CHECKING:
    from pathlib import Path

    import docker

    from tests.e2e.player.play import Node

CONTAINER = "0123456789abcdef" * 4
POD = "numbers-api-5d9c7b6f4-x2x7p"


@pytest.fixture
def node(node: Node, ours: dict[str, str]) -> Node:
    node.images = {"fluent/fluent-bit:1.8.11": ours["log-agent"]}
    return node


def write_logs(host: Path, namespace: str, container: str, lines: list[str]) -> None:
    """Write a container's log as Docker does on a node, with the links that a kubelet makes."""
    log = ContainerLog(
        host, "docker", POD, namespace=namespace, container=container, identity=CONTAINER
    )
    log.write(*lines)


def manifest(configuration: str) -> list[Document]:
    """Return the DaemonSet and a ConfigMap of it, as they are but for what a test needs at once."""
    texts = [manifest_text(name) for name in ("fluent-bit-daemonset.yaml", configuration)]
    # The lines are there before it starts, and fluent-bit's tail begins at the end.
    texts[1] = texts[1].replace(
        "Refresh_Interval  10 ", "Refresh_Interval  1\n        Read_from_Head    On"
    )
    return [document for text in texts for document in documents(text)]


def test_lines_of_the_namespace_go_to_standard_output_as_json(node: Node) -> None:
    write_logs(node.folder / "host", "kiamol-ch13-test", "api", ["ready", "steady"])
    with node.play(manifest("fluent-bit-config-stdout.yaml")) as pod:
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
    client: docker.DockerClient,
    configuration: str,
    lines: list[str],
    expected: list[str],
) -> None:
    write_logs(node.folder / "host", "kiamol-ch13-test", "api", lines)
    address = gateway(client)
    # Nobody answers for the API; without its name the resolver would be waited for.
    node.hosts = {"elasticsearch": address, "kubernetes.default.svc": address}
    with bulk_sink(address, 9200) as found, node.play(manifest(configuration)) as pod:
        pod.wait_for(lambda: found.get("test"))
        assert pod.stop() == {"fluent-bit": 0}
    assert set(found) == {"test"}
    assert [_message(document) for document in found["test"]] == expected


def _message(document: dict[str, Any]) -> str:
    return str(document.get("m") or document["log"]).strip()
