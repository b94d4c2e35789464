"""HTTP and TCP as blackbox_exporter 0.23 (Debian's) and as we probe them, series by series.

Both get one configuration and the same real servers. Times are not compared; what else differs
stands in `DIFFERENCES` and in docs/blackbox-exporter.md, with its reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from pillion.testing import Scrape
from tests.exporters.blackbox.running import running, scrape
from tests.servers.blackbox_exporter import Peer, blackbox_exporter, is_here
from tests.servers.certificates import Authority
from tests.servers.nginx import Nginx, free_port, nginx

if TYPE_CHECKING:
    from pathlib import Path

    from pillion.testing import Started

pytestmark = pytest.mark.skipif(not is_here(), reason="the peer is not installed")

Series = dict[tuple[str, frozenset[tuple[str, str]]], float | None]

TIMES = {"probe_duration_seconds", "probe_dns_lookup_time_seconds", "probe_http_duration_seconds"}

# Families that we have and 0.23 has not; by what brought them.
DIFFERENCES = {
    "probe_timeout_seconds": "newer than 0.28",
    "probe_failed_due_to_bytes": "0.28",
    "probe_tls_cipher_info": "0.24",
    "probe_failure_info": "ours: why it failed",
}

# What is reported of TLS although the handshake failed, which no version of the peer does.
OF_BAD_CERTIFICATES = {
    "probe_ssl_earliest_cert_expiry",
    "probe_ssl_last_chain_expiry_timestamp_seconds",
    "probe_ssl_last_chain_info",
}

HTTP = {
    "plain": "{}",
    "not_followed": "{follow_redirects: false}",
    "not_followed_valid": "{follow_redirects: false, valid_status_codes: [302]}",
    "head": "{method: HEAD}",
    "post": "{method: POST, body: 'a=b'}",
    "valid_404": "{valid_status_codes: [404]}",
    "version_1": "{valid_http_versions: [HTTP/1.1]}",
    "version_2": "{valid_http_versions: [HTTP/2.0]}",
    "not_ssl": "{fail_if_ssl: true}",
    "ssl": "{fail_if_not_ssl: true}",
    "matches": "{fail_if_body_matches_regexp: ['hel+o']}",
    "not_matches": "{fail_if_body_not_matches_regexp: ['^hello$']}",
    "header": "{fail_if_header_matches: [{header: X-Kind, regexp: good}]}",
    "header_missing": "{fail_if_header_matches: [{header: X-Nope, regexp: good}]}",
    "header_allowed": "{fail_if_header_matches: [{header: X-Nope, regexp: a, allow_missing: true}]}",
    "header_not": "{fail_if_header_not_matches: [{header: X-Kind, regexp: bad}]}",
    "gzip": "{compression: gzip, headers: {Accept-Encoding: gzip}}",
    "accepts_gzip": "{headers: {Accept-Encoding: gzip}}",
    "limited": "{body_size_limit: 10B}",
    "vhost": "{headers: {Host: vhost.example}}",
    "ip4": "{preferred_ip_protocol: ip4}",
    "ip4_only": "{preferred_ip_protocol: ip4, ip_protocol_fallback: false}",
    "ip6_only": "{preferred_ip_protocol: ip6, ip_protocol_fallback: false}",
    "no_http2": "{enable_http2: false}",
    "insecure": "{tls_config: {insecure_skip_verify: true}}",
    "named": "{tls_config: {ca_file: CA, server_name: other.example}}",
    "trusting": "{tls_config: {ca_file: CA}}",
    "trusting_12": "{tls_config: {ca_file: CA, max_version: TLS12}}",
    "basic": "{basic_auth: {username: u, password: p}}",
}

PATHS = {
    "/": HTTP,
    "/moved": HTTP,
    "/loop": ("plain",),
    "/away": ("plain", "trusting"),
    "/nope": ("plain", "valid_404", "matches"),
    "/empty": ("plain", "head"),
    "/text.txt": ("plain", "head", "gzip", "accepts_gzip", "limited", "matches"),
    "/chunked": ("plain", "not_matches"),
    "/gone": ("plain",),
    "/protected": ("plain", "basic"),
}

TCP = {
    "connect": "{}",
    "tls": "{tls: true, tls_config: {ca_file: CA}}",
    "tls_untrusted": "{tls: true}",
    "tls_insecure": "{tls: true, tls_config: {insecure_skip_verify: true}}",
    "answer": '{query_response: [{send: "GET / HTTP/1.0\\r\\n\\r"}, {expect: "^HTTP/1.1 200 OK"}]}',
    "no_answer": '{query_response: [{send: "GET / HTTP/1.0\\r\\n\\r"}, {expect: "^nothing"}]}',
    "starttls": "{tls_config: {ca_file: CA}, query_response: [{starttls: true}]}",
}

SERVER = """
server {{
    listen 127.0.0.1:{port}{ssl};
    ssl_certificate {pair.certificate};
    ssl_certificate_key {pair.key};
    add_header X-Kind good always;
    gzip_types text/plain;
    gzip on;
    location = / {{ return 200 "hello"; }}
    location = /moved {{ return 302 /; }}
    location = /loop {{ return 302 /loop; }}
    location = /away {{ return 301 $scheme://localhost:{port}/; }}
    location = /empty {{ return 204; }}
    location = /gone {{ return 444; }}
    location = /text.txt {{ root {folder}; }}
    location = /chunked {{ chunked_transfer_encoding on; gzip off; ssi on; ssi_types *;
                           default_type text/html; root {folder}; }}
    location = /protected {{ auth_basic x; auth_basic_user_file {folder}/users;
                            return 200 "in"; }}
}}
"""


class Servers:
    """One nginx: `http` in clear, `https`, `http2`, and `other` with another name."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        future = datetime(2050, 1, 2, tzinfo=UTC)
        past = datetime(2020, 1, 2, tzinfo=UTC)
        good = authority.issue("localhost", "127.0.0.1", until=future, file="good")
        self.pairs = {
            "http": good,
            "https": good,
            "http2": good,
            "other": authority.issue("other.example", until=future),
            "expired": authority.issue("127.0.0.1", until=past, file="expired"),
        }
        self.ports = {kind: free_port() for kind in self.pairs}
        suffixes = {"http": "", "http2": " ssl http2"}
        self.blocks = [
            SERVER.format(
                port=self.ports[kind],
                ssl=suffixes.get(kind, " ssl"),
                pair=pair,
                folder=folder,
            )
            for kind, pair in self.pairs.items()
        ]

    def url(self, kind: str, path: str = "/") -> str:
        scheme = "http" if kind == "http" else "https"
        return f"{scheme}://127.0.0.1:{self.ports[kind]}{path}"


def configuration(ca: str) -> str:
    http = "".join(f"  {name}: {{prober: http, http: {text}}}\n" for name, text in HTTP.items())
    tcp = "".join(f"  tcp_{name}: {{prober: tcp, tcp: {text}}}\n" for name, text in TCP.items())
    return ("modules:\n" + http + tcp).replace("CA", ca)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Servers, str, Nginx]]:
    folder = tmp_path_factory.mktemp("peers")
    authority = Authority(folder)
    (folder / "text.txt").write_text("hello world\n" * 1000)
    (folder / "chunked").write_text("<!--# echo var='x' default='hello' -->")
    (folder / "users").write_text("u:{PLAIN}p\n")
    made = Servers(folder, authority)
    with nginx(folder, *made.blocks) as running_nginx:
        yield made, authority.path, running_nginx


@asynccontextmanager
async def both(folder: Path, text: str) -> AsyncIterator[tuple[Started, Peer]]:
    with running(configuration=text, folder=folder) as ours:
        async with blackbox_exporter(folder, text) as theirs:
            yield ours, theirs


def compared(seen: Scrape, *, is_bad_tls: bool) -> Series:
    series: Series = {}
    for (name, labels), value in seen.series.items():
        if name in DIFFERENCES or (is_bad_tls and name in OF_BAD_CERTIFICATES):
            continue
        kept = frozenset((key, text) for key, text in labels if key != "serialnumber")
        series[name, kept] = None if name in TIMES else value
    return series


def unverified(series: Series) -> Series:
    """Leave out the one figure that the peer gives as -6.2e10 where no chain was verified."""
    name = "probe_ssl_last_chain_expiry_timestamp_seconds"
    return {key: value for key, value in series.items() if key[0] != name}


async def differing(
    ours: Started, theirs: Peer, target: str, module: str
) -> set[tuple[object, float | None]]:
    """Return the series in which the two differ."""
    here, there = await asyncio.gather(
        asyncio.to_thread(scrape, ours, target, module), theirs.probe(target, module)
    )
    failed_at_tls = (
        here.value("probe_success") == 0
        and not there.labels("probe_ssl_earliest_cert_expiry")
        and "probe_ssl_earliest_cert_expiry" not in there.types
    )
    mine = compared(here, is_bad_tls=failed_at_tls)
    other = compared(there, is_bad_tls=failed_at_tls)
    if "insecure" in module:
        mine, other = unverified(mine), unverified(other)
    if there.value("probe_ip_protocol") == 0:  # the peer then leaves out the phases that follow
        mine = {key: value for key, value in mine.items() if key in other or key[0] not in TIMES}
    return set(mine.items()) ^ set(other.items())


async def test_http_is_the_same(tmp_path: Path, servers: tuple[Servers, str, Nginx]) -> None:
    made, ca, _ = servers
    wrong = {}
    async with both(tmp_path, configuration(ca)) as (ours, theirs):
        for path, modules in PATHS.items():
            for module in modules:
                for kind in ("http", "https", "http2"):
                    target = made.url(kind, path)
                    if found := await differing(ours, theirs, target, module):
                        wrong[kind, path, module] = found
    assert wrong == {}


@pytest.mark.parametrize("kind", ["other", "expired"])
async def test_https_with_a_bad_certificate_is_the_same_but_for_its_description(
    tmp_path: Path, servers: tuple[Servers, str, Nginx], kind: str
) -> None:
    made, ca, _ = servers
    wrong = {}
    async with both(tmp_path, configuration(ca)) as (ours, theirs):
        for module in ("plain", "trusting", "named", "insecure"):
            if found := await differing(ours, theirs, made.url(kind), module):
                wrong[module] = found
        seen = await asyncio.to_thread(scrape, ours, made.url(kind), "trusting")
    assert wrong == {}
    assert seen.value("probe_ssl_earliest_cert_expiry") > 0


async def test_tcp_is_the_same(tmp_path: Path, servers: tuple[Servers, str, Nginx]) -> None:
    made, ca, _ = servers
    wrong = {}
    async with both(tmp_path, configuration(ca)) as (ours, theirs):
        for kind in ("http", "https"):
            for name in TCP:
                if kind == "http" and "tls" in name:
                    continue
                for host in ("127.0.0.1", "localhost"):
                    target = f"{host}:{made.ports[kind]}"
                    if found := await differing(ours, theirs, target, f"tcp_{name}"):
                        wrong[kind, host, name] = found
    assert wrong == {}


@pytest.mark.parametrize(
    "target",
    [
        "127.0.0.1:1",
        "localhost:1",
        "http://nowhere.invalid/",
        "http://127.0.0.1:99999/",
        "127.0.0.1:port",
        "http://a b/",
        "[::1]:1",
    ],
)
async def test_targets_that_are_not_there_are_the_same(tmp_path: Path, target: str) -> None:
    text = "modules:\n  plain: {prober: http}\n  tcp: {prober: tcp}\n"
    async with both(tmp_path, text) as (ours, theirs):
        for module in ("plain", "tcp"):
            here = await asyncio.to_thread(scrape, ours, target, module)
            there = await theirs.probe(target, module)
            mine, other = compared(here, is_bad_tls=False), compared(there, is_bad_tls=False)
            # We always have every family; the peer leaves some out where it never got to them.
            assert set(other) <= set(mine)
            assert all(not value for key, value in mine.items() if key not in other)
            if here.value("probe_ip_protocol"):  # a port that is none is found before resolving
                assert set(other.items()) <= set(mine.items())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/probe?target=a&module=nope", 400),
        ("/probe", 400),
        ("/probe?target=a&module=vhost&hostname=other", 400),
        ("/logs", 400),
        ("/logs?id=99", 404),
        ("/logs?id=x", 400),
        ("/nope", 404),
        ("/-/reload", 405),
        ("/-/healthy", 200),
        ("/metrics", 200),
        ("/config", 200),
        ("/", 200),
    ],
)
async def test_the_status_of_every_path_is_the_same(tmp_path: Path, path: str, status: int) -> None:
    text = "modules:\n  vhost: {prober: http, http: {headers: {Host: vhost.example}}}\n"
    async with both(tmp_path, text) as (ours, theirs), httpx.AsyncClient(trust_env=False) as client:
        there = await client.get(theirs.url + path)
        here = await client.get(f"http://{ours.address}{path}")
    if path == "/nope":  # the peer answers every path with its landing page
        assert here.status_code == status
        return
    if there.status_code == httpx.codes.INTERNAL_SERVER_ERROR:  # until 0.24; then as we do
        assert (path.partition("?")[0], here.status_code) == ("/logs", status)
        return
    assert (here.status_code, there.status_code) == (status, status)
