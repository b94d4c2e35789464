"""What goes wrong for all four processes beside one application."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.player.kubelet import tended
from tests.e2e.shipped import spec_of
from tests.k8s_examples.examples import EXAMPLES, built

if TYPE_CHECKING:
    from tests.e2e.player.play import Node


@pytest.fixture
def node(node: Node, example_images: dict[str, str]) -> Node:
    node.images = example_images
    return node


def test_a_process_that_hangs_is_ended_by_its_liveness_probe_and_comes_back(node: Node) -> None:
    found = built(EXAMPLES / "overlays/all-four")
    # One that hangs hears no signal, so the whole of the grace would be waited for.
    spec_of(found)["terminationGracePeriodSeconds"] = 0
    names = ("nginx-exporter", "blackbox-exporter", "log-streamer", "log-agent")
    with node.play(found) as pod, tended(pod) as kubelet:
        pod.wait_for(kubelet.is_ready)
        for name in names:
            pod.kill(name, "SIGSTOP")
        for name in names:
            pod.wait_for(lambda name=name: kubelet.restarts(name) == 1)  # type: ignore[misc]  # a default of a lambda has no type
        pod.wait_for(kubelet.is_ready)
        assert f"{names[0]}: ended for its livenessProbe" in kubelet.events
        assert kubelet.restarts("nginx") == 0


def test_every_process_takes_up_users_that_a_config_map_gains_in_place(node: Node) -> None:
    found = built(EXAMPLES / "overlays/all-four")
    spec = spec_of(found)
    for sidecar in spec["initContainers"]:
        sidecar.setdefault("args", []).insert(0, "--web.config.file=/etc/web/web.yml")
        sidecar.setdefault("volumeMounts", []).append({"name": "web", "mountPath": "/etc/web"})
    spec["volumes"].append({"name": "web", "configMap": {"name": "web"}})
    found.append({"kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"web.yml": "{}\n"}})
    ports = (9113, 9115, 9116, 2020)
    with node.play(found) as pod:
        assert [pod.get(port, "/metrics").status for port in ports] == [200] * 4
        bcrypt = "$2b$04$PeDYNjCyjOvKrDfSSSgTquoTuOBYeFzuhMTOxTdeHRgNxNvqXrrLy"
        pod.update("web", {"web.yml": f"basic_auth_users: {{alice: {bcrypt}}}\n"})
        for port in ports:
            pod.wait_for(lambda port=port: pod.get(port, "/metrics").status == 401)  # type: ignore[misc]  # a default of a lambda has no type
