"""The exporter as a whole, before real nginx."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pillion.lifecycle import Deadline
from tests.exporters.nginx.serving import built, exporting
from tests.servers.nginx import STATUS, Nginx, free_port, nginx
from tests.servers.wire import Visit, response, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAIN = f"server {{ listen 127.0.0.1:{{port}}; listen unix:{{socket}}; {STATUS} }}"
PAGE = (
    b"Active connections: 2 \nserver accepts handled requests\n 3 3 5 \n"
    b"Reading: 0 Writing: 1 Waiting: 1 \n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with nginx(tmp_path_factory.mktemp("nginx"), PLAIN) as server:
        yield server


async def test_one_nginx_is_shown_without_labels(server: Nginx) -> None:
    async with exporting(f"-nginx.scrape-uri={server.uri}") as exporter:
        scrape = await exporter.scrape()
    assert scrape.value("nginx_up") == 1
    assert scrape.value("nginx_connections_writing") == 1
    assert scrape.types["nginx_connections_accepted"] == "counter"
    assert scrape.value("promhttp_metric_handler_requests_in_flight") == 1
    assert len(scrape.labels("nginx_exporter_build_info")) == 1


async def test_the_environment_of_the_peer_is_read(server: Nginx) -> None:
    environment = {
        "SCRAPE_URI": server.uri,
        "TELEMETRY_PATH": "/figures",
        "CONST_LABELS": "team=web,env=prod",
        "TIMEOUT": "2s",
    }
    async with exporting(environment=environment) as exporter:
        scrape = await exporter.scrape("/figures")
    assert scrape.value("nginx_up", team="web", env="prod") == 1


async def test_several_are_told_apart_by_the_uri_as_it_was_written(server: Nginx) -> None:
    other = f"unix:{server.socket_path}:/stub_status"
    down = f"http://127.0.0.1:{free_port()}/stub_status"
    flags = [f"--nginx.scrape-uri={uri}" for uri in (server.uri, other, down)]
    async with exporting(*flags, "--prometheus.const-label=team=web") as exporter:
        scrape = await exporter.scrape()
    ups = {uri: scrape.value("nginx_up", addr=uri, team="web") for uri in (server.uri, other, down)}
    assert ups == {server.uri: 1, other: 1, down: 0}
    assert all("addr" in labels for labels in scrape.labels("nginx_connections_active"))
    errors = {"addr": down, "team": "web", "reason": "refused"}
    assert scrape.value("nginx_exporter_scrape_errors_total", **errors) == 1


async def test_failures_are_counted_by_reason_and_logged_once(server: Nginx) -> None:
    uri = f"http://127.0.0.1:{server.port}/no_such_page"
    async with exporting(f"--nginx.scrape-uri={uri}") as exporter:
        *_, scrape = [await exporter.scrape() for _ in range(3)]
    assert scrape.value("nginx_up") == 0
    assert scrape.value("nginx_exporter_scrape_errors_total", reason="status") == 3
    assert "nginx_connections_active" not in scrape.names()
    assert exporter.log.count("nginx cannot be scraped") == 1
    assert f"uri={uri} reason=status" in exporter.log


async def test_it_starts_before_nginx_and_outlives_it(tmp_path: Path) -> None:
    with nginx(tmp_path, PLAIN) as server:
        server.stop()
        async with exporting(f"--nginx.scrape-uri={server.uri}") as exporter:
            states = [(await exporter.scrape()).value("nginx_up")]
            server.start()
            states.append((await exporter.scrape()).value("nginx_up"))
            server.restart()
            states.append((await exporter.scrape()).value("nginx_up"))
            server.stop()
            states.append((await exporter.scrape()).value("nginx_up"))
    assert states == [0, 1, 1, 0]
    assert exporter.log.count("nginx is scraped") == 1
    assert exporter.log.count("nginx cannot be scraped") == 2


async def test_the_scrape_timeout_of_prometheus_bounds_the_scrape() -> None:
    async def never_answer(visit: Visit) -> None:
        await visit.wait_for_end()

    async with (
        serving(never_answer) as port,
        exporting(f"--nginx.scrape-uri=http://127.0.0.1:{port}/") as exporter,
    ):
        scrape = await exporter.scrape(**{"X-Prometheus-Scrape-Timeout-Seconds": "0.2"})
    assert scrape.value("nginx_up") == 0
    assert 0.18 <= scrape.value("nginx_exporter_last_scrape_duration_seconds") < 2


async def test_scrapes_that_arrive_together_share_one_fetch(server: Nginx) -> None:
    exporter = built(f"--nginx.scrape-uri={server.uri}")
    together = await asyncio.gather(*(exporter.scrape() for _ in range(5)))
    (later,) = await exporter.scrape()
    await exporter.drain(Deadline(5.0))
    requests = {scrape.status.requests for (scrape,) in together if scrape.status}
    assert len(requests) == 1
    assert later.status is not None
    assert later.status.requests == requests.pop() + 1


async def test_the_landing_page_shows_each_nginx(server: Nginx) -> None:
    down = f"http://user:sesame@127.0.0.1:{free_port()}/"
    flags = (f"--nginx.scrape-uri={server.uri}", f"--nginx.scrape-uri={down}")
    async with exporting(*flags) as exporter:
        page = (await exporter.client.get("/")).text
    assert "1 of 2 up" in page
    assert server.uri in page
    assert "down (refused): " in page
    assert "<svg" in page
    assert "sesame" not in page + exporter.log


async def test_the_landing_page_scrapes_at_most_once_a_second() -> None:
    requests = 0

    async def serve(visit: Visit) -> None:
        nonlocal requests
        while True:
            await visit.read_request()
            requests += 1
            await visit.write(response(PAGE))

    async with (
        serving(serve) as port,
        exporting(f"--nginx.scrape-uri=http://127.0.0.1:{port}/") as exporter,
    ):
        for _ in range(5):
            assert "5" in (await exporter.client.get("/")).text
    assert requests == 1


async def test_metrics_on_the_root_path_leave_no_landing_page(server: Nginx) -> None:
    flags = (f"--nginx.scrape-uri={server.uri}", "--web.telemetry-path=/")
    async with exporting(*flags) as exporter:
        assert (await exporter.scrape("/")).value("nginx_up") == 1
