"""One nginx, measured by nginx-prometheus-exporter 0.11 (Debian's) and by us, family by family."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.exporters.nginx.serving import exporting
from tests.needs import program
from tests.servers.nginx import STATUS, Nginx, free_port, nginx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAIN = f"server {{ listen 127.0.0.1:{{port}}; listen unix:{{socket}}; {STATUS} }}"

Series = tuple[str, tuple[tuple[str, str], ...]]


class Peer:
    """The peer, scraping one nginx."""

    def __init__(self, *flags: str) -> None:
        self.address = f"http://127.0.0.1:{free_port()}"
        listen = f"-web.listen-address={self.address.removeprefix('http://')}"
        command = [program("prometheus-nginx-exporter"), listen, *flags]
        # It ends at once where nginx does not answer, so nginx is up when it starts.
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def scrape(self) -> str:
        """Return its text, waiting for it to listen."""
        end = time.monotonic() + 10
        while True:
            try:
                return httpx.get(f"{self.address}/metrics", trust_env=False).text
            except httpx.ConnectError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(10)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Nginx]:
    with nginx(tmp_path, PLAIN) as server:
        yield server


@pytest.fixture(params=["tcp", "unix"])
def uri(request: pytest.FixtureRequest, server: Nginx) -> str:
    return server.uri if request.param == "tcp" else f"unix:{server.socket_path}:/stub_status"


@pytest.fixture
def peer(uri: str) -> Iterator[Peer]:
    peer = Peer(f"-nginx.scrape-uri={uri}", "-prometheus.const-labels=team=web,env=prod")
    peer.scrape()
    yield peer
    peer.stop()


def of_nginx(text: str) -> tuple[dict[str, str], dict[Series, float]]:
    """Return the types by name, and the values by series, of all that is about nginx."""
    types: dict[str, str] = {}
    values: dict[Series, float] = {}
    for family in text_string_to_metric_families(text):
        if family.name.startswith("nginx_") and not family.name.startswith("nginx_exporter_"):
            types[family.name] = family.type
            for sample in family.samples:
                values[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    return types, values


def type_lines(text: str) -> list[str]:
    """Return the TYPE lines as they were sent, since a parser may rename a family."""
    return [
        line
        for line in text.splitlines()
        if line.startswith("# TYPE nginx_") and "nginx_exporter_" not in line
    ]


async def test_names_types_labels_and_values_are_those_of_the_peer(uri: str, peer: Peer) -> None:
    flags = (f"--nginx.scrape-uri={uri}", "-prometheus.const-labels=team=web,env=prod")
    async with exporting(*flags) as exporter:
        await exporter.scrape()
        theirs = peer.scrape()
        ours = (await exporter.client.get("/metrics")).text
    assert type_lines(ours) == type_lines(theirs)
    their_types, their_values = of_nginx(theirs)
    our_types, our_values = of_nginx(ours)
    assert our_types == their_types
    assert list(our_values) == list(their_values)
    # Our scrape came after theirs and is a request of its own.
    labels = (("env", "prod"), ("team", "web"))
    their_values["nginx_http_requests_total", labels] += 1
    assert our_values == their_values


async def test_of_an_nginx_that_is_down_there_is_what_there_is_of_the_peer(
    uri: str, peer: Peer, server: Nginx
) -> None:
    flags = (f"--nginx.scrape-uri={uri}", "--prometheus.const-label=team=web,env=prod")
    server.stop()
    async with exporting(*flags) as exporter:
        ours = (await exporter.client.get("/metrics")).text
    assert type_lines(ours) == type_lines(peer.scrape()) == ["# TYPE nginx_up gauge"]
    assert of_nginx(ours) == of_nginx(peer.scrape())
