"""`fluent-bit-daemonset.yaml` with our image, and a real OpenSearch in Elasticsearch's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.fluent_bit import (
    CONTAINER,
    IMAGE,
    POD,
    begun_log,
    manifest,
    wait_until_followed,
)

if TYPE_CHECKING:
    from tests.e2e.player.play import Node
    from tests.servers.opensearch.node import OpenSearch


def test_lines_of_a_node_can_be_searched_by_the_pod_that_wrote_them(
    node: Node, ours: dict[str, str], search: OpenSearch
) -> None:
    node.images = {IMAGE: ours["log-agent"]}
    node.hosts = {"elasticsearch": search.address, "kubernetes.default.svc": search.address}
    log = begun_log(node.folder / "host")
    with node.play(manifest("fluent-bit-config-elasticsearch.yaml")) as pod:
        wait_until_followed(pod)
        log.write("ready", "steady")
        pod.wait_for(lambda: search.count("test") == 2)
        assert pod.stop() == {"fluent-bit": 0}
    found = search.search("test", "kubernetes.container_name:api AND log:steady")
    assert [each["_source"]["kubernetes"] for each in found] == [
        {
            "pod_name": POD,
            "namespace_name": "kiamol-ch13-test",
            "container_name": "api",
            "docker_id": CONTAINER,
        }
    ]
