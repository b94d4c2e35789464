"""Our monitoring around played pods: Prometheus as `k8s-examples/monitoring` has it.

Prometheus is Debian's, in a container, with our configuration, rules and relabelling; it is told
of pods by a file in the place of the API. cAdvisor and kube-state-metrics are stood in for.
"""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.e2e.applications import prometheus_image
from tests.e2e.network import gateway
from tests.e2e.player.manifest import Document, documents
from tests.e2e.player.play import Node, Playing
from tests.e2e.surroundings import CADVISOR, SITE, Surroundings, surroundings
from tests.k8s_examples import queries
from tests.k8s_examples.discovery import configuration, discovered
from tests.k8s_examples.examples import DASHBOARDS, EXAMPLES, built
from tests.needs import program
from tests.servers.certificates import Authority
from tests.servers.prometheus import Prometheus

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker

TARGETS = Path("/etc/prometheus/targets.json")
MODULES = "modules: {site: {prober: http, http: {tls_config: {insecure_skip_verify: true}}}}\n"


@dataclass(frozen=True, slots=True)
class Monitored:
    """A cluster in small, and the Prometheus that looks at it."""

    shop: Playing
    numbers: Playing
    prometheus: Prometheus
    around: Surroundings

    def firing(self) -> set[str]:
        """Return the names of the alerts that fire."""
        found = self.prometheus.query('ALERTS{alertstate="firing"}')
        return {series["metric"]["alertname"] for series in found}


@pytest.fixture(scope="module")
def images(
    client: docker.DockerClient, base: str, example_images: dict[str, str]
) -> dict[str, str]:
    prometheus = prometheus_image(client, base, program("prometheus"))
    return {**example_images, "quay.io/prometheus/prometheus:v3.7.1": prometheus}


@pytest.fixture(scope="module")
def monitored(
    client: docker.DockerClient,
    busybox: str,
    images: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Monitored]:
    folder = tmp_path_factory.mktemp("monitoring")
    address = gateway(client)
    node = Node(client, images, folder, busybox, {"kube-state-metrics.monitoring.svc": address})
    pair = Authority(folder).issue(address)
    with ExitStack() as stack:
        around = stack.enter_context(surroundings(address, pair))
        shop = stack.enter_context(node.play(built(EXAMPLES / "overlays/all-four")))
        numbers = stack.enter_context(node.play(numbers_of(address)))
        pods = [target for pod in (shop, numbers) for target in discovered(pod.pod, pod.address)]
        found = prometheus_with(pods, [{"targets": [f"{address}:{CADVISOR}"]}])
        pod = stack.enter_context(node.play(found))
        pod.wait_for(lambda: answers(pod), "Prometheus")
        yield Monitored(shop, numbers, Prometheus(f"http://{pod.address}:9090"), around)


def numbers_of(address: str) -> list[Document]:
    """Return the example of the blackbox exporter, told to probe a site over TLS."""
    found = documents((EXAMPLES / "pods/blackbox-exporter.yaml").read_text())
    template = found[0]["spec"]["template"]
    template["metadata"]["annotations"] |= {
        "prometheus.io/target": f"https://{address}:{SITE}/",
        "prometheus.io/module": "site",
    }
    sidecar = template["spec"]["initContainers"][0]
    sidecar["volumeMounts"] = [{"name": "config", "mountPath": "/etc/blackbox_exporter"}]
    template["spec"]["volumes"] = [{"name": "config", "configMap": {"name": "modules"}}]
    data = {"config.yml": MODULES}
    return [*found, {"kind": "ConfigMap", "metadata": {"name": "modules"}, "data": data}]


def prometheus_with(pods: list[dict[str, Any]], cadvisor: list[dict[str, Any]]) -> list[Document]:
    """Return our Prometheus, told of these targets, with a look every other second and no patience."""
    found = built(EXAMPLES / "monitoring/prometheus")
    ours = configuration(TARGETS)
    ours["rule_files"] = ["rules/*.yml"]
    # A probe is given half a second less than a scrape: 1.5 of 2.
    ours["global"] = {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "1s"}
    (config,) = [item for item in found if item["kind"] == "ConfigMap"]
    for name, text in config["data"].items():
        config["data"][name] = impatient(text)
    config["data"] |= {
        "prometheus.yml": yaml.safe_dump(ours),
        "targets.json": json.dumps(pods),
        "cadvisor.json": json.dumps(cadvisor),
    }
    (workload,) = [item for item in found if item["kind"] == "StatefulSet"]
    (volume,) = workload["spec"]["template"]["spec"]["volumes"]
    volume["configMap"]["items"] += [
        {"key": name, "path": name} for name in ("targets.json", "cadvisor.json")
    ]
    return found


def impatient(text: str) -> str:
    """Return rules whose alerts wait a second."""
    found = yaml.safe_load(text)
    for group in found.get("groups", []):
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = "1s"
    return yaml.safe_dump(found)


def answers(pod: Playing) -> bool:
    try:
        return pod.get(9090, "/-/ready").status == 200
    except OSError:
        return False


def test_every_pod_and_every_sidecar_is_a_target_that_answers(monitored: Monitored) -> None:
    active = monitored.prometheus.wait_for_targets(
        lambda seen: bool(seen) and all(item["health"] == "up" for item in seen)
    )
    assert sorted(
        (item["labels"]["job"], item["labels"].get("pod", ""), item["labels"].get("container", ""))
        for item in active
    ) == [
        ("cadvisor", "", ""),
        ("kube-state-metrics", "", ""),
        ("kube-state-metrics", "", ""),
        ("pods", "numbers-api", ""),
        ("pods", "shop", ""),
        ("sidecars", "shop", "blackbox-exporter"),
        ("sidecars", "shop", "log-agent"),
        ("sidecars", "shop", "log-streamer"),
        ("sidecars", "shop", "nginx-exporter"),
    ]


ACCESS_LOG = re.compile(r"nginx_http_(?:response|request|upstream)_|nginx_parse_errors")


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_no_panel_is_empty_for_a_healthy_pod(monitored: Monitored, path: Path) -> None:
    for title, wanted in queries.of_panels(path).items():
        for query in wanted:
            if ACCESS_LOG.search(query):
                continue  # The shop has none; tests/exporters/nginx/test_prometheus.py has.
            assert monitored.prometheus.wait_for(query), title


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_variable_of_a_dashboard_has_something_to_choose(
    monitored: Monitored, path: Path
) -> None:
    variables = queries.of_variables(path)
    assert [label for _, label in variables] == ["namespace", "pod"]
    for selector, label in variables:
        found = monitored.prometheus.wait_for(selector)
        assert all(series["metric"].get(label) for series in found)


def test_what_cadvisor_says_meets_what_kube_state_metrics_says(monitored: Monitored) -> None:
    (share,) = monitored.prometheus.wait_for(
        "container_memory_working_set_bytes / on (namespace, pod, container) "
        "kube_pod_container_resource_limits"
    )
    assert float(share["value"][1]) == pytest.approx(10 / 32)
    assert len(monitored.prometheus.query("container_memory_working_set_bytes")) == 1


def test_no_alert_fires_while_all_is_well_and_each_when_its_part_breaks(
    monitored: Monitored,
) -> None:
    monitored.prometheus.wait_for("namespace_app_target:probe_failures:ratio1h == 0")
    # On a machine that is busy with something else, probes may be slow.
    assert monitored.firing() <= {"ProbeLatencyBudgetBurn"}
    monitored.around.used = 31 * 2**20
    monitored.around.slowness = 0.6
    monitored.shop.kill("nginx")
    expected = {
        "NginxDown": ("page", "shop"),
        "ProbeErrorBudgetBurn": ("page", "shop"),
        "ProbeLatencyBudgetBurn": ("page", "numbers-api"),
        "SidecarNearItsMemoryLimit": ("ticket", "shop"),
    }
    for name, (severity, who) in expected.items():
        selector = f'ALERTS{{alertname="{name}", alertstate="firing", severity="{severity}"}}'
        found = monitored.prometheus.wait_for(selector)
        assert who in {each["metric"].get("pod", each["metric"].get("app")) for each in found}
    monitored.numbers.kill("exporter")
    (down,) = monitored.prometheus.wait_for('ALERTS{alertname="TargetDown", alertstate="firing"}')
    assert (down["metric"]["job"], down["metric"]["pod"]) == ("pods", "numbers-api")
