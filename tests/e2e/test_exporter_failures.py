"""What goes wrong in a pod with an exporter, on the examples that we ship."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.e2e.player.kubelet import tended
from tests.e2e.shipped import example, spec_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.player.play import Node, Playing

PROBE = "/probe?target=http://127.0.0.1/healthz"


@dataclass(frozen=True, slots=True)
class Exporter:
    """An example of an exporter: the application beside it, and what says that this is up."""

    name: str
    app: str
    port: int
    path: str
    metric: str

    def sees(self, pod: Playing) -> bool:
        return pod.scrape(self.port, self.path).value(self.metric) == 1


EXPORTERS = pytest.mark.parametrize(
    "exporter",
    [
        Exporter("nginx-exporter", "nginx", 9113, "/metrics", "nginx_up"),
        Exporter("blackbox-exporter", "api", 9115, PROBE, "probe_success"),
    ],
    ids=lambda exporter: exporter.name,
)


@pytest.fixture
def node(node: Node, example_images: dict[str, str]) -> Node:
    node.images = example_images
    return node


@contextmanager
def without(pod: Playing, app: str) -> Iterator[None]:
    """Have the application gone for a while."""
    pod.kill(app)
    yield
    pod.restart(app)


@EXPORTERS
def test_an_exporter_that_is_killed_comes_back_and_the_application_never_notices(
    node: Node, exporter: Exporter
) -> None:
    with node.play(example(exporter.name)) as pod, tended(pod) as kubelet:
        pod.wait_for(lambda: exporter.sees(pod))
        pod.kill("exporter")
        pod.wait_for(lambda: kubelet.restarts("exporter") == 1)
        pod.wait_for(lambda: exporter.sees(pod))
        pod.wait_for(kubelet.is_ready)
        assert kubelet.restarts(exporter.app) == 0


@EXPORTERS
def test_an_exporter_says_that_the_application_is_gone_and_is_not_restarted_for_it(
    node: Node, exporter: Exporter
) -> None:
    with node.play(example(exporter.name)) as pod:
        pod.wait_for(lambda: exporter.sees(pod))
        with without(pod, exporter.app), tended(pod, speed=100) as kubelet:
            assert not exporter.sees(pod)
            assert pod.probe("exporter", "livenessProbe")
            assert kubelet.restarts("exporter") == 0
        pod.wait_for(lambda: exporter.sees(pod))


@EXPORTERS
def test_an_exporter_that_is_up_long_before_the_application_waits_for_it(
    node: Node, exporter: Exporter
) -> None:
    with node.play(example(exporter.name), late=exporter.app) as pod:
        assert not exporter.sees(pod)
        pod.begin(exporter.app)
        pod.wait_for(lambda: exporter.sees(pod))


@EXPORTERS
def test_an_exporter_that_is_up_long_after_the_application_sees_it_at_once(
    node: Node, exporter: Exporter
) -> None:
    with node.play(example(f"{exporter.name}-legacy"), late="exporter") as pod:
        pod.wait_for(lambda: pod.is_running(exporter.app))
        pod.begin("exporter")
        pod.wait_for(lambda: exporter.sees(pod))


def test_a_blackbox_exporter_takes_up_a_config_map_on_reload_and_keeps_a_wrong_one_out(
    node: Node,
) -> None:
    found = example("blackbox-exporter")
    spec = spec_of(found)
    mount = {"name": "config", "mountPath": "/etc/blackbox_exporter", "readOnly": True}
    spec["initContainers"][0]["volumeMounts"] = [mount]
    spec["volumes"] = [{"name": "config", "configMap": {"name": "modules"}}]
    data = {"config.yml": "modules: {before: {prober: http}}\n"}
    found.append({"kind": "ConfigMap", "metadata": {"name": "modules"}, "data": data})
    with node.play(found) as pod:
        assert pod.get(9115, f"{PROBE}&module=before").status == 200
        pod.update("config", {"config.yml": "modules: {wrong: {prober: smoke}}\n"})
        pod.kill("exporter", "SIGHUP")
        reloaded = "blackbox_exporter_config_last_reload_successful"
        pod.wait_for(lambda: pod.scrape(9115).value(reloaded) == 0)
        assert pod.get(9115, f"{PROBE}&module=before").status == 200
        pod.update("config", {"config.yml": "modules: {after: {prober: http}}\n"})
        pod.kill("exporter", "SIGHUP")
        pod.wait_for(lambda: pod.get(9115, f"{PROBE}&module=after").status == 200)
        assert pod.scrape(9115).value(reloaded) == 1
