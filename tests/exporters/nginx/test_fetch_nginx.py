"""The client against a real nginx: TCP, a Unix socket, a restart, load, a slow answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pillion_nginx_exporter.fetch import Client, ClientTls, Wire
from pillion_nginx_exporter.scrape import measure
from pillion_nginx_exporter.target import parse_target
from tests.exporters.nginx.measuring import measured, reason
from tests.servers.nginx import STATUS, Nginx, nginx
from tests.servers.wire import Visit, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAIN = f"server {{ listen 127.0.0.1:{{port}}; listen unix:{{socket}}; {STATUS} }}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with nginx(tmp_path_factory.mktemp("nginx"), PLAIN) as server:
        yield server


async def test_over_tcp(server: Nginx) -> None:
    assert (await measured(server.uri)).writing == 1


async def test_by_a_name_whose_other_address_nobody_listens_on(server: Nginx) -> None:
    uri = f"http://localhost:{server.port}/stub_status"
    assert (await measured(uri)).writing == 1


async def test_over_a_unix_socket(server: Nginx) -> None:
    assert (await measured(f"unix:{server.socket_path}:/stub_status")).writing == 1


async def test_another_path_answers_with_another_status(server: Nginx) -> None:
    assert await reason(f"http://127.0.0.1:{server.port}/no_such_page") == "status"


async def test_another_page_is_no_status_page(server: Nginx) -> None:
    (server.folder / "html").mkdir(exist_ok=True)
    (server.folder / "html" / "page.html").write_text("<html>hello</html>")
    assert await reason(f"http://127.0.0.1:{server.port}/page.html") == "parse"


async def test_tls_with_a_port_that_does_not_speak_it(server: Nginx) -> None:
    assert await reason(f"https://127.0.0.1:{server.port}/stub_status") == "tls"


async def test_a_restart_in_the_middle(server: Nginx) -> None:
    client = Client(parse_target(server.uri), Wire(ClientTls()))
    first = await measure(client, 5.0)
    server.stop()
    down = await measure(client, 5.0)
    server.start()
    again = await measure(client, 5.0)
    client.close()
    assert first.status is not None
    assert (down.status, down.reason) == (None, "refused")
    assert again.status is not None
    assert again.status.requests == 1


async def test_a_restart_between_two_scrapes_is_no_error(server: Nginx) -> None:
    client = Client(parse_target(server.uri), Wire(ClientTls()))
    await measure(client, 5.0)
    server.restart()
    assert (await measure(client, 5.0)).status is not None
    client.close()


async def test_fifty_connections_are_counted_as_they_were_made(tmp_path: Path) -> None:
    page = 'location = /hello { return 200 "hello"; }'
    with nginx(tmp_path, PLAIN.replace(STATUS, STATUS + page)) as server:
        client = Client(parse_target(server.uri), Wire(ClientTls()))
        before = (await measure(client, 5.0)).status
        opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(50)]
        for reader, writer in opened:
            for _ in range(3):
                writer.write(b"GET /hello HTTP/1.1\r\nHost: nginx\r\n\r\n")
                await reader.readuntil(b"hello")
        after = (await measure(client, 5.0)).status
        for _, writer in opened:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in opened))
        client.close()
    assert before is not None
    assert after is not None
    assert after.accepted - before.accepted == 50
    assert after.handled - before.handled == 50
    assert after.requests - before.requests == 150 + 1
    assert (after.active, after.writing, after.waiting) == (51, 1, 50)


async def test_a_slow_answer_is_given_up_in_time(tmp_path: Path) -> None:
    async def never_answer(visit: Visit) -> None:
        await visit.wait_for_end()

    async with serving(never_answer) as slow:
        proxy = f"location / {{ proxy_pass http://127.0.0.1:{slow}; }}"
        with nginx(tmp_path, PLAIN.replace(STATUS, proxy)) as server:
            client = Client(parse_target(server.uri), Wire(ClientTls()))
            scrape = await measure(client, 0.1)
    assert (scrape.status, scrape.reason) == (None, "timeout")
    assert 0.1 <= scrape.seconds < 2
