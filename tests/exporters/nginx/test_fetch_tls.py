"""The client against a real nginx over TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pillion.errors import TransientError
from pillion_nginx_exporter.fetch import ClientTls
from tests.exporters.nginx.measuring import measured, reason
from tests.servers.certificates import Authority
from tests.servers.nginx import STATUS, Nginx, nginx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    issued = authority.issue("nginx.example", "127.0.0.1")
    tls = f"ssl_certificate {issued.certificate}; ssl_certificate_key {issued.key};"
    asked = f"{tls} ssl_client_certificate {authority.path}; ssl_verify_client optional;"
    page = "location = /stub_status { if ($ssl_client_verify != SUCCESS) { return 403; } stub_status; }"
    with nginx(
        tmp_path_factory.mktemp("nginx"),
        f"server {{ listen 127.0.0.1:{{port}} ssl; {tls} {STATUS} }}",
        f"server {{ listen unix:{{socket}} ssl; {asked} {page} }}",
        f"server {{ listen 127.0.0.2:{{port}} ssl; {asked} {page} }}",
    ) as server:
        yield server


@pytest.fixture
def uri(server: Nginx) -> str:
    return server.uri.replace("http:", "https:")


async def test_by_default_any_certificate_is_taken(uri: str) -> None:
    assert (await measured(uri)).writing == 1


async def test_a_private_authority_is_trusted(uri: str, authority: Authority) -> None:
    tls = ClientTls(verify=True, ca_certificate=authority.path)
    assert (await measured(uri, tls=tls)).writing == 1


async def test_another_authority_is_not_trusted(uri: str, tmp_path: Path) -> None:
    tls = ClientTls(verify=True, ca_certificate=Authority(tmp_path).path)
    with pytest.raises(TransientError, match="is not trusted: unable to get") as caught:
        await measured(uri, tls=tls)
    assert caught.value.reason == "tls_untrusted"


async def test_the_certificate_must_bear_the_name(server: Nginx, authority: Authority) -> None:
    tls = ClientTls(verify=True, ca_certificate=authority.path)
    uri = f"https://localhost:{server.port}/stub_status"
    assert await reason(uri, tls=tls) == "tls_untrusted"


async def test_the_name_to_verify_can_be_set(server: Nginx, authority: Authority) -> None:
    tls = ClientTls(verify=True, ca_certificate=authority.path, server_name="nginx.example")
    uri = f"https://localhost:{server.port}/stub_status"
    assert (await measured(uri, tls=tls)).writing == 1


async def test_a_client_certificate_is_shown(server: Nginx, authority: Authority) -> None:
    uri = f"https://127.0.0.2:{server.port}/stub_status"
    pair = authority.issue("client.example")
    tls = ClientTls(certificate=pair.certificate, key=pair.key)
    assert (await measured(uri, tls=tls)).writing == 1
    assert await reason(uri) == "status"


async def test_plain_http_with_a_port_that_speaks_tls(server: Nginx) -> None:
    assert await reason(server.uri) == "status"
