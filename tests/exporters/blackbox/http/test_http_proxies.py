"""Probes through real proxies: HTTP, HTTP over TLS, and SOCKS5."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from pillion_blackbox_exporter.network.rules import Rules, parse_rule
from pillion_blackbox_exporter.probers.http.socks5 import encode_connect
from tests.exporters.blackbox.probed import Probed, probed
from tests.servers.certificates import Authority, Pair
from tests.servers.proxies import behind_tls, microsocks, tinyproxy
from tests.servers.wire import Visit, response, serving

if TYPE_CHECKING:
    from pathlib import Path

    from pillion_blackbox_exporter.network.guard import Guard


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("proxies"))


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.issue("localhost")


def context_of(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


async def hello(visit: Visit) -> None:
    await visit.read_request()
    await visit.write(response(b"x" * 200_000, "200 OK", "Connection: close"))


async def through(
    proxy: str,
    authority: Authority,
    tls: ssl.SSLContext | None = None,
    *,
    more: str = "",
    guard: Guard | None = None,
) -> Probed:
    text = (
        f"prober: http\nhttp: {{proxy_url: '{proxy}', preferred_ip_protocol: ip4,"
        f" tls_config: {{ca_file: {authority.path}}}{more}}}"
    )
    async with serving(hello, tls) as port:
        scheme = "https" if tls else "http"
        return await probed(f"{scheme}://localhost:{port}/", text, guard=guard)


def good(result: Probed, *, is_tls: bool) -> bool:
    assert result.success, result.sentence
    assert result.value("probe_http_uncompressed_body_length") == 200_000
    return result.value("probe_http_ssl") == is_tls


@pytest.mark.parametrize("is_tls", [False, True])
async def test_an_http_proxy(
    *, is_tls: bool, authority: Authority, pair: Pair, tmp_path: Path
) -> None:
    with tinyproxy(tmp_path, "BasicAuth user sesame") as port:
        context = context_of(pair) if is_tls else None
        known = await through(f"http://user:sesame@127.0.0.1:{port}", authority, context)
        unknown = await through(f"http://user:wrong@127.0.0.1:{port}", authority, context)
    assert good(known, is_tls=is_tls)
    assert unknown.reason == ("proxy" if is_tls else "status")


@pytest.mark.parametrize("is_tls", [False, True])
async def test_an_http_proxy_behind_tls(
    *, is_tls: bool, authority: Authority, pair: Pair, tmp_path: Path
) -> None:
    with tinyproxy(tmp_path) as plain:
        async with behind_tls(plain, context_of(pair)) as port:
            context = context_of(pair) if is_tls else None
            result = await through(f"https://localhost:{port}", authority, context)
    assert good(result, is_tls=is_tls)


async def test_a_proxy_behind_tls_must_be_trusted(
    authority: Authority, pair: Pair, tmp_path: Path
) -> None:
    with tinyproxy(tmp_path) as plain:
        async with behind_tls(plain, context_of(pair)) as port:
            result = await through(f"https://127.0.0.1:{port}", authority)
    assert (result.success, result.reason) == (False, "proxy")
    assert result.sentence.startswith("TLS with the proxy: the certificate is refused: ")


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize("is_tls", [False, True])
async def test_a_socks5_proxy(
    *, scheme: str, is_tls: bool, authority: Authority, pair: Pair
) -> None:
    with microsocks() as port:
        context = context_of(pair) if is_tls else None
        result = await through(f"{scheme}://127.0.0.1:{port}", authority, context)
    assert good(result, is_tls=is_tls)


async def test_a_socks5_proxy_resolves_where_we_do_not(authority: Authority) -> None:
    with microsocks() as port:
        result = await through(
            f"socks5://127.0.0.1:{port}", authority, more=", skip_resolve_phase_with_proxy: true"
        )
    assert good(result, is_tls=False)


async def test_a_socks5_proxy_knows_its_users(authority: Authority) -> None:
    with microsocks("user", "sesame") as port:
        known = await through(f"socks5://user:sesame@127.0.0.1:{port}", authority)
        wrong = await through(f"socks5://user:wrong@127.0.0.1:{port}", authority)
        nobody = await through(f"socks5://127.0.0.1:{port}", authority)
    assert good(known, is_tls=False)
    assert (wrong.reason, wrong.sentence) == ("proxy", "the proxy refuses the user and password")
    assert (nobody.reason, nobody.sentence) == ("proxy", "the proxy wants a user and a password")


async def test_a_socks5_proxy_says_why_it_cannot_connect(authority: Authority) -> None:
    with microsocks() as port:
        text = f"prober: http\nhttp: {{proxy_url: 'socks5://127.0.0.1:{port}'}}"
        result = await probed("http://127.0.0.1:1/", text)
    assert (result.success, result.reason) == (False, "proxy")
    assert result.sentence == "the proxy refused to connect: the connection was refused"


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad\r\n\r\n", b"\x05", b"\x05\x07"])
async def test_what_is_no_socks5_proxy_fails_the_probe(authority: Authority, answer: bytes) -> None:
    async def serve(visit: Visit) -> None:
        await visit.write(answer)

    async with serving(serve) as port:
        result = await through(f"socks5://127.0.0.1:{port}", authority)
    assert (result.success, result.reason) == (False, "proxy"), result.sentence


async def test_the_guard_judges_what_is_reached_through_a_proxy(authority: Authority) -> None:
    guard = Rules((), (parse_rule("127.0.0.0/8"),))
    with microsocks() as port:
        result = await through(f"socks5://127.0.0.1:{port}", authority, guard=guard)
    assert (result.success, result.reason) == (False, "denied")


@pytest.mark.parametrize(
    ("host", "encoded"),
    [
        ("127.0.0.1", "05010001 7f000001 0050"),
        ("::1", "05010004 00000000000000000000000000000001 0050"),
        ("a.example", "05010003 09 612e6578616d706c65 0050"),
    ],
)
def test_a_request_is_encoded_as_the_rfc_says(host: str, encoded: str) -> None:
    assert encode_connect(host, 80) == bytes.fromhex(encoded)
