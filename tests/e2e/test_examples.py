"""Every example of k8s-examples/pods, native and legacy, and the overlay."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.player.manifest import documents
from tests.k8s_examples.examples import EXAMPLES, built

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.player.play import Node, Playing

FORMS = pytest.mark.parametrize("form", ["", "-legacy"], ids=["native", "legacy"])


@pytest.fixture
def node(node: Node, example_images: dict[str, str]) -> Node:
    node.images = example_images
    return node


@contextmanager
def example(node: Node, name: str) -> Iterator[Playing]:
    with node.play(documents((EXAMPLES / "pods" / f"{name}.yaml").read_text())) as pod:
        yield pod


@FORMS
def test_the_nginx_exporter_measures(node: Node, form: str) -> None:
    with example(node, f"nginx-exporter{form}") as pod:
        pod.wait_for(lambda: pod.scrape(9113).value("nginx_up") == 1)
        assert pod.probe("exporter", "livenessProbe")
        assert pod.is_running("exporter")
        assert pod.stop() == {"nginx": 0, "exporter": 0}


def test_the_nginx_exporter_counts_the_access_log_that_nginx_conf_names(node: Node) -> None:
    name = "nginx_http_response_count_total"
    with example(node, "nginx-exporter-signals") as pod:
        pod.wait_for(lambda: pod.scrape(9113).value("nginx_up") == 1)
        assert pod.get(8080, "/").status == 200
        pod.wait_for(lambda: name in pod.scrape(9113).names())
        assert pod.scrape(9113).value(name, method="GET", status="200") >= 1
        assert pod.stop() == {"nginx": 0, "exporter": 0}


@FORMS
def test_the_blackbox_exporter_probes(node: Node, form: str) -> None:
    with example(node, f"blackbox-exporter{form}") as pod:
        path = "/probe?target=http://127.0.0.1/healthz"
        pod.wait_for(lambda: pod.scrape(9115, path).value("probe_success") == 1)
        assert pod.probe("exporter", "livenessProbe")
        assert pod.stop()["exporter"] == 0


@FORMS
def test_the_log_streamer_streams_both_files_each_in_its_container(node: Node, form: str) -> None:
    with example(node, f"log-streamer{form}") as pod:
        pod.wait_for(lambda: pod.output("count-log-1").startswith("0: "))
        pod.wait_for(lambda: " INFO 0\n" in pod.logs("count-log-2"))
        statuses = pod.stop()
        assert statuses["count-log-1"] == statuses["count-log-2"] == 0


@FORMS
def test_the_log_agent_ships_lines_with_the_pod_s_name(node: Node, form: str) -> None:
    with example(node, f"log-agent{form}") as pod:
        pod.wait_for(lambda: '"pod":"counter-log-agent' in pod.logs("log-agent"))
        assert pod.probe("log-agent", "livenessProbe")
        assert pod.stop()["log-agent"] == 0


def test_one_container_has_all_the_roles_each_on_its_port(node: Node) -> None:
    with example(node, "sidecar") as pod:
        pod.wait_for(lambda: pod.scrape(9113).value("nginx_up") == 1)
        path = "/probe?module=http_2xx&target=http://127.0.0.1:8080/"
        assert pod.scrape(9115, path).value("probe_success") == 1
        pod.wait_for(lambda: '"path":"/","code":"200"' in pod.logs("sidecar"))
        assert pod.scrape(9120).value("nginx_up") == 1
        assert pod.probe("sidecar", "livenessProbe")
        assert pod.stop() == {"nginx": 0, "sidecar": 0}


def test_a_native_sidecar_starts_before_the_application_and_ends_after_it(node: Node) -> None:
    with example(node, "nginx-exporter") as pod:
        started = {name: pod.state(name)["StartedAt"] for name in ("exporter", "nginx")}
        pod.wait_for(lambda: pod.scrape(9113).value("nginx_up") == 1)
        pod.stop()
        ended = {name: pod.state(name)["FinishedAt"] for name in ("exporter", "nginx")}
    assert started["exporter"] < started["nginx"]
    assert ended["nginx"] <= ended["exporter"]


def test_the_overlay_in_one_container_measures_probes_streams_and_ships(node: Node) -> None:
    with node.play(built(EXAMPLES / "overlays/all-in-one")) as pod:
        pod.wait_for(lambda: pod.scrape(9120).value("nginx_up") == 1)
        probed = pod.scrape(9115, "/probe?module=http_2xx&target=http://127.0.0.1:8080/")
        assert probed.value("probe_success") == 1
        pod.wait_for(lambda: '"GET / HTTP/1.1" 200' in pod.output("sidecar"))
        pod.wait_for(
            lambda: (
                pod.scrape(2020).value(
                    "pillion_log_agent_records_total", state="delivered", reason=""
                )
                > 0
            )
        )
        assert set(pod.stop().values()) == {0}


def test_the_overlay_with_all_four_runs_as_one_pod(node: Node) -> None:
    with node.play(built(EXAMPLES / "overlays/all-four")) as pod:
        pod.wait_for(lambda: pod.scrape(9113).value("nginx_up") == 1)
        probed = pod.scrape(9115, "/probe?module=http_2xx&target=http://127.0.0.1:8080/")
        assert probed.value("probe_success") == 1
        pod.wait_for(lambda: '"GET / HTTP/1.1" 200' in pod.output("log-streamer"))
        pod.wait_for(lambda: '\\"GET / HTTP/1.1\\" 200' in pod.logs("log-agent"))
        assert set(pod.stop().values()) == {0}
