"""`todo-proxy-nginx-exporter.yaml`, as people run it today, with our image in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.player.manifest import Document, documents
from tests.manifests import manifest_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.player.play import Node, Playing

NGINX_CONF = """
events { worker_connections 64; }
http {
    access_log off;
    server {
        listen 80;
        location = /stub_status { stub_status; }
        location / { return 200 "todo\\n"; }
    }
}
"""
CONFIGURATION: Document = {
    "kind": "ConfigMap",
    "metadata": {"name": "todo-proxy-config"},
    "data": {"nginx.conf": NGINX_CONF},
}


@pytest.fixture
def node(node: Node, nginx: str, ours: dict[str, str]) -> Node:
    node.images = {
        "nginx:1.17-alpine": nginx,
        "nginx/nginx-prometheus-exporter:0.8.0": ours["nginx-exporter"],
    }
    return node


@pytest.fixture
def pod(node: Node) -> Iterator[Playing]:
    found = documents(manifest_text("todo-proxy-nginx-exporter.yaml"))
    with node.play([*found, CONFIGURATION]) as playing:
        yield playing


def test_the_exporter_measures_the_nginx_beside_it(pod: Playing) -> None:
    pod.wait_for(lambda: pod.scrape(9113).value("nginx_up") == 1)
    before = pod.scrape(9113).value("nginx_http_requests_total")
    for _ in range(10):
        assert pod.get(80, "/").text == "todo\n"
    # The scrape is a request too.
    assert pod.scrape(9113).value("nginx_http_requests_total") == before + 11


def test_it_ends_with_0_on_sigterm_while_nginx_ends_too(pod: Playing) -> None:
    pod.wait_for(lambda: pod.scrape(9113).value("nginx_up") == 1)
    assert pod.stop() == {"nginx": 0, "exporter": 0}


def test_nginx_is_killed_and_comes_back_and_the_exporter_stays(pod: Playing) -> None:
    pod.wait_for(lambda: pod.scrape(9113).value("nginx_up") == 1)
    pod.kill("nginx")
    pod.wait_for(lambda: pod.scrape(9113).value("nginx_up") == 0)
    pod.restart("nginx")
    pod.wait_for(lambda: pod.scrape(9113).value("nginx_up") == 1)
    assert pod.is_running("exporter")


def test_the_exporter_is_killed_and_comes_back_and_nginx_never_notices(pod: Playing) -> None:
    pod.wait_for(lambda: pod.scrape(9113).value("nginx_up") == 1)
    pod.kill("exporter")
    assert pod.get(80, "/").text == "todo\n"
    pod.restart("exporter")
    pod.wait_for(lambda: pod.scrape(9113).value("nginx_up") == 1)
    assert pod.is_running("nginx")


def test_an_exporter_that_starts_before_nginx_waits_for_it(pod: Playing) -> None:
    pod.kill("nginx")
    pod.kill("exporter")
    pod.restart("exporter")
    assert pod.scrape(9113).value("nginx_up") == 0
    pod.restart("nginx")
    pod.wait_for(lambda: pod.scrape(9113).value("nginx_up") == 1)
