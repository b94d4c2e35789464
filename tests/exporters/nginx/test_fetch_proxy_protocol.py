"""The client against a real nginx that wants a header of the PROXY protocol."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest

from tests.exporters.nginx.measuring import measured, reason
from tests.servers.certificates import Authority
from tests.servers.nginx import Nginx, has_ipv6, nginx

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    folder = tmp_path_factory.mktemp("nginx")
    issued = Authority(folder).issue("127.0.0.1")
    tls = f"ssl_certificate {issued.certificate}; ssl_certificate_key {issued.key};"
    log = "access_log {folder}/access.log from; location = /stub_status { stub_status; }"
    ipv6 = "listen [::1]:{port} proxy_protocol;" if has_ipv6() else ""
    with nginx(
        folder,
        "log_format from '$proxy_protocol_addr:$proxy_protocol_port to "
        "$proxy_protocol_server_addr:$proxy_protocol_server_port';",
        f"server {{ listen 127.0.0.1:{{port}} proxy_protocol; listen unix:{{socket}} proxy_protocol; {log} }}",
        f"server {{ {ipv6} listen 127.0.0.3:{{port}} proxy_protocol; {log} }}",
        f"server {{ listen 127.0.0.2:{{port}} ssl proxy_protocol; {tls} {log} }}",
    ) as server:
        yield server


@pytest.mark.parametrize(
    ("uri", "logged"),
    [
        ("http://127.0.0.1:{port}/stub_status", r"127\.0\.0\.1:\d+ to 127\.0\.0\.1:{port}"),
        pytest.param(
            "http://[::1]:{port}/stub_status",
            r"::1:\d+ to ::1:{port}",
            marks=pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6"),
        ),
        ("https://127.0.0.2:{port}/stub_status", r"127\.0\.0\.\d:\d+ to 127\.0\.0\.2:{port}"),
    ],
)
async def test_nginx_reads_both_ends_from_the_header(server: Nginx, uri: str, logged: str) -> None:
    before = logged_lines(server)
    await measured(uri.replace("{port}", str(server.port)), proxy=True)
    # nginx answers first and logs then.
    async with asyncio.timeout(10):
        while (lines := logged_lines(server)) == before:
            await asyncio.sleep(0.01)
    assert re.fullmatch(logged.replace("{port}", str(server.port)), lines[-1])


def logged_lines(server: Nginx) -> list[str]:
    return (server.folder / "access.log").read_text().splitlines()


async def test_over_a_unix_socket(server: Nginx) -> None:
    uri = f"unix:{server.socket_path}:/stub_status"
    assert (await measured(uri, proxy=True)).writing == 1


async def test_without_the_header_nginx_hangs_up(server: Nginx) -> None:
    assert await reason(server.uri) == "reset"
