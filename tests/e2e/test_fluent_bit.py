"""`fluent-bit-daemonset.yaml` with each of its ConfigMaps, and our image in fluent-bit's place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.bulk_sink import bulk_sink
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
    docker_folder = host / "var/lib/docker/containers" / CONTAINER
    docker_folder.mkdir(parents=True)
    file = docker_folder / f"{CONTAINER}-json.log"
    moment = "2026-11-20T10:00:00.123456789Z"
    entries = [{"log": f"{line}\n", "stream": "stdout", "time": moment} for line in lines]
    file.write_text("".join(f"{json.dumps(entry)}\n" for entry in entries))
    # As Docker leaves them: root and its group, and nobody else.
    file.chmod(0o640)
    docker_folder.chmod(0o710)
    pod_folder = host / f"var/log/pods/{namespace}_{POD}_uid/{container}"
    pod_folder.mkdir(parents=True)
    (pod_folder / "0.log").symlink_to(f"/var/lib/docker/containers/{CONTAINER}/{file.name}")
    folder = host / "var/log/containers"
    folder.mkdir(parents=True)
    link = folder / f"{POD}_{namespace}_{container}-{CONTAINER}.log"
    link.symlink_to(f"/var/log/pods/{namespace}_{POD}_uid/{container}/0.log")


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
        assert shown[0]["time"] == "2026-11-20T10:00:00.123456789Z"
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
    gateway = _gateway(client)
    node.hosts = {"elasticsearch": gateway}
    with bulk_sink(gateway, 9200) as found, node.play(manifest(configuration)) as pod:
        pod.wait_for(lambda: found.get("test"))
        assert pod.stop() == {"fluent-bit": 0}
    assert set(found) == {"test"}
    assert [_message(document) for document in found["test"]] == expected


def _message(document: dict[str, Any]) -> str:
    return str(document.get("m") or document["log"]).strip()


def _gateway(client: docker.DockerClient) -> str:
    (pool,) = [
        pool
        for pool in client.networks.get("bridge").attrs["IPAM"]["Config"]
        if ":" not in pool.get("Gateway", ":")
    ]
    return str(pool["Gateway"])
