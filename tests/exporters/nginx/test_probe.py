from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pillion.testing import Scrape
from tests.exporters.nginx.serving import Exporter, exporting
from tests.servers.nginx import STATUS, Nginx, nginx
from tests.servers.wire import Visit, response, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN = f"server {{ listen 127.0.0.1:{{port}}; listen unix:{{socket}}; {STATUS} }}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with nginx(tmp_path_factory.mktemp("nginx"), PLAIN) as server:
        yield server


async def probe(exporter: Exporter, target: str) -> tuple[int, str]:
    answer = await exporter.client.get("/probe", params={"target": target})
    return answer.status_code, answer.text


async def test_without_the_flag_nothing_is_probed_and_the_answer_says_why(server: Nginx) -> None:
    async with exporting() as exporter:
        status, text = await probe(exporter, server.uri)
    assert (status, text) == (403, "403 /probe measures nothing unless --probe.allow says what\n")


@pytest.mark.parametrize("rule", ["127.0.0.1", "127.0.0.0/8", "127.0.0.1:{port}"])
@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_an_address_is_admitted_however_it_is_spelled(
    server: Nginx, rule: str, host: str
) -> None:
    async with exporting(f"--probe.allow={rule.replace('{port}', str(server.port))}") as exporter:
        status, text = await probe(exporter, f"http://{host}:{server.port}/stub_status")
    assert status == 200
    assert Scrape.parse(text).value("nginx_up") == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost"])  # fmt: skip
async def test_an_address_is_refused_however_it_is_spelled(server: Nginx, host: str) -> None:
    async with exporting("--probe.allow=10.0.0.0/8", "--probe.allow=127.0.0.1:1") as exporter:
        status, text = await probe(exporter, f"http://{host}:{server.port}/stub_status")
    assert status == 403
    assert "is not admitted by --probe.allow" in text


async def test_a_name_is_admitted_as_it_is_written(server: Nginx) -> None:
    async with exporting("--probe.allow=localhost", "--prometheus.const-label=a=b") as exporter:
        status, text = await probe(exporter, f"http://localhost:{server.port}/stub_status")
    assert status == 200
    assert Scrape.parse(text).value("nginx_up", a="b") == 1


async def test_a_socket_is_admitted_by_its_path(server: Nginx) -> None:
    async with exporting(f"--probe.allow={server.socket_path}") as exporter:
        admitted, _ = await probe(exporter, f"unix:{server.socket_path}:/stub_status")
        refused, _ = await probe(exporter, "unix:/run/docker.sock:/info")
    assert (admitted, refused) == (200, 403)


async def test_a_name_that_does_not_exist_is_refused_like_any_other() -> None:
    async with exporting("--probe.allow=10.0.0.0/8") as exporter:
        status, text = await probe(exporter, "http://nginx.invalid/")
    assert status == 403
    assert "is not admitted" in text


async def test_an_admitted_name_that_does_not_exist_is_down() -> None:
    async with exporting("--probe.allow=nginx.invalid") as exporter:
        status, text = await probe(exporter, "http://nginx.invalid/")
    assert (status, Scrape.parse(text).value("nginx_up")) == (200, 0)


async def test_a_redirect_leads_out_of_what_is_admitted_as_little_as_a_target(
    server: Nginx,
) -> None:
    async def serve(visit: Visit) -> None:
        await visit.read_request()
        there = f"Location: http://127.0.0.1:{server.port}/stub_status"
        await visit.write(response(b"", "302 Found", there))

    async with serving(serve) as port, exporting(f"--probe.allow=127.0.0.1:{port}") as exporter:
        status, text = await probe(exporter, f"http://127.0.0.1:{port}/")
    assert status == 403
    assert text == f"403 127.0.0.1:{server.port} is not admitted by --probe.allow, nor is an address of it\n"  # fmt: skip


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("", "400 no target is given; ask for /probe?target=URI\n"),
        ("ftp://a/", "400 the target has the scheme 'ftp'; write http://"),
    ],
)
async def test_a_target_that_is_none_is_told(target: str, text: str) -> None:
    async with exporting("--probe.allow=a") as exporter:
        status, answer = await probe(exporter, target)
    assert status == 400
    assert answer.startswith(text)


async def test_nothing_of_a_probe_is_kept(server: Nginx) -> None:
    async with exporting("--probe.allow=127.0.0.1", f"--nginx.scrape-uri={server.uri}") as exporter:
        await exporter.scrape()
        for port in range(server.port, server.port + 3):
            await probe(exporter, f"http://127.0.0.1:{port}/stub_status")
        scrape = await exporter.scrape()
    assert scrape.value("nginx_connections_active") == 1, "the connections of probes are closed"
    assert "nginx_exporter_scrape_errors_total" not in scrape.names()


async def test_only_so_many_probes_are_under_way_at_once() -> None:
    async def never_answer(visit: Visit) -> None:
        await visit.wait_for_end()

    async with (
        serving(never_answer) as port,
        exporting("--probe.allow=127.0.0.1", "--nginx.timeout=1s") as exporter,
    ):
        uri = f"http://127.0.0.1:{port}/"
        answers = await asyncio.gather(*(probe(exporter, uri) for _ in range(40)))
    statuses = [status for status, _ in answers]
    assert statuses.count(200) == 32
    assert statuses.count(503) == 8
