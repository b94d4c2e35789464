"""`numbers-api-blackbox-exporter.yaml`, as people run it today, with our image in its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.e2e.player.manifest import documents
from tests.manifests import manifest_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.player.play import Node, Playing

# What Prometheus asks for, by the annotations of the manifest.
PROBE = "/probe?target=http://127.0.0.1/healthz"


@pytest.fixture
def pod(node: Node, numbers_api: str, ours: dict[str, str]) -> Iterator[Playing]:
    node.images = {
        "kiamol/ch03-numbers-api": numbers_api,
        "prom/blackbox-exporter:v0.17.0": ours["blackbox-exporter"],
    }
    found = documents(manifest_text("numbers-api-blackbox-exporter.yaml"))
    with node.play(found) as playing:
        playing.wait_for(lambda: playing.scrape(9115, PROBE).value("probe_success") == 1)
        yield playing


def test_a_probe_tells_when_the_api_begins_to_fail(pod: Playing) -> None:
    assert pod.scrape(9115, PROBE).value("probe_http_status_code") == 200
    for _ in range(3):
        assert pod.get(80, "/rng").status == 200
    assert pod.get(80, "/rng").status == 500
    probed = pod.scrape(9115, PROBE)
    assert probed.value("probe_success") == 0
    assert probed.value("probe_http_status_code") == 500


def test_the_api_is_killed_and_comes_back_and_the_prober_stays(pod: Playing) -> None:
    pod.kill("api")
    assert pod.scrape(9115, PROBE).value("probe_success") == 0
    pod.restart("api")
    pod.wait_for(lambda: pod.scrape(9115, PROBE).value("probe_success") == 1)
    assert pod.is_running("exporter")


def test_the_prober_pings_without_a_capability_where_the_pod_allows_it_to_its_group(
    node: Node, numbers_api: str, ours: dict[str, str], pod: Playing
) -> None:
    path = "/probe?module=icmp&target=127.0.0.1"
    assert pod.scrape(9115, path).value("probe_success") == 0
    advised = re.search(r"`(sysctls: .*?)`", pod.get(9115, f"{path}&debug=true").text)
    assert advised is not None
    found = documents(manifest_text("numbers-api-blackbox-exporter.yaml"))
    spec = found[0]["spec"]["template"]["spec"]
    spec["securityContext"] = yaml.safe_load(advised[1].replace('\\"', '"'))
    found[0]["metadata"]["name"] = "pinging"
    with node.play(found) as pinging:
        assert pinging.scrape(9115, path).value("probe_success") == 1


def test_a_mounted_configuration_is_found_where_the_peer_has_it(
    node: Node, numbers_api: str, ours: dict[str, str]
) -> None:
    node.images = {
        "kiamol/ch03-numbers-api": numbers_api,
        "prom/blackbox-exporter:v0.17.0": ours["blackbox-exporter"],
    }
    found = documents(manifest_text("numbers-api-blackbox-exporter.yaml"))
    spec = found[0]["spec"]["template"]["spec"]
    spec["containers"][1]["volumeMounts"] = [
        {"name": "config", "mountPath": "/etc/blackbox_exporter"}
    ]
    spec["volumes"] = [{"name": "config", "configMap": {"name": "blackbox"}}]
    modules = "modules:\n  teapot:\n    prober: http\n    http: {valid_status_codes: [500]}\n"
    found.append(
        {"kind": "ConfigMap", "metadata": {"name": "blackbox"}, "data": {"config.yml": modules}}
    )
    with node.play(found) as pod:
        pod.wait_for(lambda: pod.scrape(9115))
        probed = pod.scrape(9115, f"{PROBE}&module=teapot")
        assert probed.value("probe_success") == 0
        for _ in range(4):
            pod.get(80, "/rng")
        assert pod.scrape(9115, f"{PROBE}&module=teapot").value("probe_success") == 1


def test_a_config_map_that_is_updated_in_place_is_taken_up_on_reload(
    node: Node, numbers_api: str, ours: dict[str, str]
) -> None:
    node.images = {
        "kiamol/ch03-numbers-api": numbers_api,
        "prom/blackbox-exporter:v0.17.0": ours["blackbox-exporter"],
    }
    found = documents(manifest_text("numbers-api-blackbox-exporter.yaml"))
    spec = found[0]["spec"]["template"]["spec"]
    spec["containers"][1]["volumeMounts"] = [
        {"name": "config", "mountPath": "/etc/blackbox_exporter", "readOnly": True}
    ]
    spec["volumes"] = [{"name": "config", "configMap": {"name": "blackbox"}}]
    old = {"config.yml": "modules: {before: {prober: http}}\n"}
    found.append({"kind": "ConfigMap", "metadata": {"name": "blackbox"}, "data": old})
    with node.play(found) as pod:
        pod.wait_for(lambda: pod.scrape(9115))
        assert pod.get(9115, f"{PROBE}&module=before").status == 200
        pod.update("config", {"config.yml": "modules: {after: {prober: http}}\n"})
        pod.kill("exporter", "SIGHUP")
        pod.wait_for(lambda: pod.get(9115, f"{PROBE}&module=after").status == 200)
        assert pod.get(9115, f"{PROBE}&module=before").status == 400
