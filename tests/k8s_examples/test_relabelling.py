"""What Prometheus makes of pods, by our configuration: a real one, told of pods by a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.k8s_examples.discovery import configuration, port, write
from tests.needs import program
from tests.servers.prometheus import prometheus

if TYPE_CHECKING:
    from collections.abc import Iterator

PROBE = {"port": "9115", "path": "/probe", "target": "http://127.0.0.1/healthz"}
PORTS = [
    port("annotated", "127.0.0.1:80", port="9113", path="/stats", scheme="https"),
    port("two-ports", "127.0.0.2:80", port="9113"),
    port("two-ports", "127.0.0.2:9113", container="exporter", name="metrics", port="9113"),
    port("probed", "127.0.0.3:80", **PROBE),
    port("probed-otherwise", "127.0.0.4:80", **PROBE, module="tcp_connect"),
    port("six", "[fd00::1]:80", port="9113"),
    port("silent", "127.0.0.5:80"),
    port("unwilling", "127.0.0.6:80", scrape="false", port="9113"),
    port("ended", "127.0.0.7:80", phase="Succeeded", port="9113"),
    port("willing", "127.0.0.8:80", scrape="true"),
    port("with-sidecars", "127.0.0.9:8080"),
    port("with-sidecars", "127.0.0.9:9113", container="nginx-exporter", name="nginx-metrics"),
    port("with-sidecars", "127.0.0.9:2020", container="log-agent", name="agent-metrics"),
]


@dataclass(frozen=True, slots=True)
class Target:
    url: str
    labels: dict[str, str]


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Target]]:
    program("prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    write(folder / "targets.json", PORTS)
    only = configuration(folder / "targets.json")
    # The others are fixed addresses, which are not there.
    only["scrape_configs"] = [
        job for job in only["scrape_configs"] if job["job_name"] in ("pods", "sidecars")
    ]
    with prometheus(folder, yaml.safe_dump(only)) as running:
        jobs = {"pods", "sidecars"}
        active = running.wait_for_targets(lambda seen: {t["labels"]["job"] for t in seen} == jobs)
        yield [Target(item["scrapeUrl"], item["labels"]) for item in active]


def of(targets: list[Target], pod: str, job: str = "pods") -> list[Target]:
    found = [item for item in targets if item.labels["pod"] == pod and item.labels["job"] == job]
    return sorted(found, key=lambda item: item.url)


def test_annotations_say_port_path_and_scheme(targets: list[Target]) -> None:
    (target,) = of(targets, "annotated")
    assert target.url == "https://127.0.0.1:9113/stats"
    assert target.labels == {
        "app": "web",
        "instance": "127.0.0.1:9113",
        "job": "pods",
        "namespace": "shop",
        "node": "node-1",
        "pod": "annotated",
    }


def test_a_pod_with_two_ports_and_one_annotated_port_is_one_target(targets: list[Target]) -> None:
    assert [target.url for target in of(targets, "two-ports")] == ["http://127.0.0.2:9113/metrics"]


def test_a_target_annotation_makes_a_probe_of_it(targets: list[Target]) -> None:
    (target,) = of(targets, "probed")
    assert target.url == "http://127.0.0.3:9115/probe?target=http%3A%2F%2F127.0.0.1%2Fhealthz"
    assert target.labels["target"] == "http://127.0.0.1/healthz"


def test_a_module_annotation_says_how_to_probe(targets: list[Target]) -> None:
    (target,) = of(targets, "probed-otherwise")
    assert "module=tcp_connect" in target.url


def test_an_ipv6_pod_keeps_its_brackets(targets: list[Target]) -> None:
    (target,) = of(targets, "six")
    assert target.url == "http://[fd00::1]:9113/metrics"


@pytest.mark.parametrize("pod", ["silent", "unwilling", "ended"])
def test_a_pod_that_says_nothing_or_no_or_has_ended_is_left_alone(
    targets: list[Target], pod: str
) -> None:
    assert of(targets, pod) == []


def test_a_pod_that_says_yes_and_no_port_is_scraped_where_it_listens(targets: list[Target]) -> None:
    assert [target.url for target in of(targets, "willing")] == ["http://127.0.0.8:80/metrics"]


def test_the_sidecars_of_one_pod_are_a_target_each_by_the_names_of_their_ports(
    targets: list[Target],
) -> None:
    found = of(targets, "with-sidecars", "sidecars")
    assert [(target.url, target.labels["container"]) for target in found] == [
        ("http://127.0.0.9:2020/metrics", "log-agent"),
        ("http://127.0.0.9:9113/metrics", "nginx-exporter"),
    ]
