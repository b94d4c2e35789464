"""The memory that each example asks for, against what its processes have under load inside it.

`requests` and `limits` are the same figure, so the load runs against the limit. The figure is to
leave room, and not to be thrice of what is needed: requests are what a cluster is paid for.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.bulk_sink import bulk_sink
from tests.e2e.network import gateway
from tests.e2e.node_logs import ContainerLog
from tests.e2e.player.quantities import number
from tests.e2e.shipped import example, writing
from tests.k8s_examples.examples import EXAMPLES, built
from tests.servers.certificates import Authority
from tests.servers.kubernetes_api import in_a_thread

if TYPE_CHECKING:
    import docker

    from tests.e2e.player.play import Node, Playing

MIB = 2**20
SCRAPES = 300
BURSTS = 5
LINES = 300_000
PROBE = "/probe?target=http://127.0.0.1/healthz"
# One after the other, faster than any application logs.
LINE = ": a line of a log that is about as long as lines of logs are on the whole"
FLOOD = f"awk 'BEGIN {{ for (i = 1; i <= {LINES}; i++) print i \"{LINE}\" }}'"
STAY = "trap 'exit 0' TERM; while :; do sleep 0.1 & wait $!; done"


@pytest.fixture
def node(node: Node, example_images: dict[str, str]) -> Node:
    node.images = example_images
    return node


def fits(pod: Playing, name: str, peak: int = 0, *, idle: bool = False) -> None:
    """Assert that a container's request fits its peak, or what it has now, after the load if any."""
    (container,) = [item for item in (*pod.pod.init, *pod.pod.containers) if item.name == name]
    asked = number(container.get("resources")["requests"]["memory"])
    has = peak or pod.memory(name)
    assert not pod.was_killed_for_memory(name)
    assert has < 0.85 * asked, "there is no room left"
    assert idle or asked < 3.5 * has, "it asks for far more than it needs"


@pytest.mark.parametrize(
    ("name", "port", "path"),
    [("nginx-exporter", 9113, "/metrics"), ("blackbox-exporter", 9115, PROBE)],
)
def test_an_exporter_under_scrapes(node: Node, name: str, port: int, path: str) -> None:
    with node.play(example(name)) as pod:
        for _ in range(SCRAPES):
            pod.scrape(port, path)
        fits(pod, "exporter")


@pytest.mark.parametrize(
    ("name", "reader"), [("log-streamer", "count-log-1"), ("log-agent", "log-agent")]
)
def test_a_reader_under_a_flood_of_lines(node: Node, name: str, reader: str) -> None:
    with node.play(writing(name, f"{FLOOD} > /var/log/1.log; {STAY}")) as pod:
        pod.wait_for(lambda: f"{LINES}: a line" in pod.last_words(reader))
        fits(pod, reader)


def test_the_agent_of_a_node_under_five_bursts_of_lines_with_a_command_beside_them(
    node: Node, client: docker.DockerClient, tmp_path: Path
) -> None:
    address = gateway(client)
    node.hosts = {"kubernetes.default.svc": address, "opensearch.monitoring": address}
    authority = Authority(tmp_path)
    node.authority, node.token = Path(authority.path).read_text(), "token"
    pair = authority.issue("kubernetes.default.svc")
    log = ContainerLog(node.folder / "host", "cri", "web-1")
    with (
        in_a_thread(address, 443, pair) as api,
        bulk_sink(address, 9200) as found,
        node.play(built(EXAMPLES / "daemonset")) as pod,
    ):
        api.add("shop", "web-1", team="blue")
        pod.wait_for(lambda: pod.scrape(2020))
        peak = 0
        for _ in range(BURSTS):
            log.write(*(f"{index}{LINE}" for index in range(LINES // 3)))
            while sum(map(len, found.values())) < LINES // 3:
                peak = max(peak, pod.memory("log-agent"))
                assert pod.execute("log-agent", ["pillion-health"])[0] == 0
            found.clear()
        assert peak < 90 * MIB
        pod.wait_for(lambda: pod.memory("log-agent") < 55 * MIB, "the memory of before", 60)
        fits(pod, "log-agent", peak)


def test_all_four_beside_one_application(node: Node) -> None:
    with node.play(built(EXAMPLES / "overlays/all-four")) as pod:
        pod.wait_for(lambda: pod.scrape(9113).value("nginx_up") == 1)
        for _ in range(SCRAPES // 10):
            pod.scrape(9113)
            pod.scrape(9115, "/probe?module=http_2xx&target=http://127.0.0.1:8080/")
            pod.scrape(9116)
            pod.scrape(2020)
        for name in ("nginx-exporter", "blackbox-exporter", "log-streamer", "log-agent"):
            fits(pod, name, idle=True)
