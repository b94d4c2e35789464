"""HTTPS and HTTP/2 probes of a real nginx, with certificates that are good and bad."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.exporters.blackbox.probed import Probed, probed
from tests.servers.certificates import Authority
from tests.servers.nginx import Nginx, free_port, nginx
from tests.servers.wire import Visit, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAST = datetime(2020, 1, 2, tzinfo=UTC)
FUTURE = datetime(2050, 1, 2, tzinfo=UTC)

SERVER = """
server {{
    listen 127.0.0.1:{port} ssl{http2};
    ssl_certificate {pair.certificate};
    ssl_certificate_key {pair.key};
    ssl_protocols {protocols};
    {more}
    location / {{ return 200 "hello over $server_protocol"; }}
    location /redirect {{ return 302 /; }}
    location /post {{ client_max_body_size 5m; return 200 "$content_length"; }}
    location /big {{ alias {folder}/; }}
}}
"""
BOTH = "TLSv1.2 TLSv1.3"


class Site:
    """nginx with a server for each kind of certificate; `ports` has theirs."""

    def __init__(self, running: Nginx, ports: dict[str, int], authority: Authority) -> None:
        self.running = running
        self.ports = ports
        self.ca = authority.path

    async def probed(
        self, kind: str, more: str = "", path: str = "/", host: str = "localhost", tls: str = ""
    ) -> Probed:
        trust = f"tls_config: {{ca_file: {self.ca}{tls}}}"
        text = f"prober: http\nhttp: {{{trust}{', ' + more if more else ''}}}"
        return await probed(f"https://{host}:{self.ports[kind]}{path}", text)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("tls")
    authority, other = Authority(folder), Authority(folder, "other")
    good = authority.issue("localhost", "127.0.0.1", until=FUTURE, file="good")
    pairs = {
        "good": good,
        "http2": good,
        "tls12": good,
        "client": good,
        "expired": authority.issue("localhost", until=PAST, file="expired"),
        "other-name": authority.issue("other.example", until=FUTURE),
        "untrusted": other.issue("localhost", until=FUTURE, file="untrusted"),
    }
    more = {"client": f"ssl_verify_client on; ssl_client_certificate {authority.path};"}
    ports = {kind: free_port() for kind in pairs}
    blocks = [
        SERVER.format(
            port=ports[kind],
            pair=pair,
            http2=" http2" if kind == "http2" else "",
            protocols="TLSv1.2" if kind == "tls12" else BOTH,
            more=more.get(kind, ""),
            folder=folder,
        )
        for kind, pair in pairs.items()
    ]
    (folder / "file").write_bytes(b"0123456789abcdef" * 65536)
    with nginx(folder, *blocks) as running:
        yield Site(running, ports, authority)


def certificate_of(result: Probed) -> dict[str, str]:
    (labels,) = [
        dict(labels) for name, labels in result.scrape.series if name == "probe_ssl_last_chain_info"
    ]
    return labels


async def test_a_good_certificate_is_described(site: Site) -> None:
    result = await site.probed("good")
    assert result.success, result.sentence
    assert result.value("probe_http_ssl") == 1
    assert result.value("probe_http_version") == 1.1
    assert result.value("probe_ssl_earliest_cert_expiry") == FUTURE.timestamp()
    assert result.value("probe_ssl_last_chain_expiry_timestamp_seconds") == FUTURE.timestamp()
    assert result.value("probe_tls_version_info", version="TLS 1.3") == 1
    assert result.value("probe_tls_cipher_info", cipher="TLS_AES_256_GCM_SHA384") == 1
    assert certificate_of(result)["subjectalternative"] == "localhost"
    assert result.value("probe_http_duration_seconds", phase="tls") > 0


async def test_a_name_may_end_with_a_dot(site: Site) -> None:
    result = await site.probed("good", host="127.0.0.1", tls=", server_name: localhost.")
    assert result.success, result.sentence


@pytest.mark.parametrize(
    ("kind", "reason", "expires"),
    [
        ("expired", "tls_expired", PAST),
        ("other-name", "tls_hostname", FUTURE),
        ("untrusted", "tls_untrusted", FUTURE),
    ],
)
async def test_a_bad_certificate_fails_the_probe_and_is_described(
    site: Site, kind: str, reason: str, expires: datetime
) -> None:
    result = await site.probed(kind)
    assert (result.success, result.phase, result.reason) == (False, "tls", reason)
    assert result.value("probe_failure_info", phase="tls", reason=reason) == 1
    assert result.value("probe_ssl_earliest_cert_expiry") == expires.timestamp()
    assert result.value("probe_ssl_last_chain_expiry_timestamp_seconds") == expires.timestamp()
    assert len(certificate_of(result)["fingerprint_sha256"]) == 64
    assert result.value("probe_http_ssl") == 0
    assert result.value("probe_http_duration_seconds", phase="tls") > 0


@pytest.mark.parametrize("kind", ["expired", "other-name", "untrusted"])
async def test_a_bad_certificate_passes_where_it_is_not_verified(site: Site, kind: str) -> None:
    result = await site.probed(kind, tls=", insecure_skip_verify: true")
    assert result.success, result.sentence
    # The peer says -6.2e10 here, as no chain was verified.
    assert result.value("probe_ssl_last_chain_expiry_timestamp_seconds") > 0


async def test_a_bad_certificate_is_described_with_tls12_too(site: Site) -> None:
    result = await site.probed("tls12", tls=", server_name: wrong.example")
    assert result.reason == "tls_hostname"
    assert result.value("probe_ssl_earliest_cert_expiry") == FUTURE.timestamp()


async def test_the_server_name_of_the_module_is_verified(site: Site) -> None:
    result = await site.probed("other-name", tls=", server_name: other.example")
    assert result.success, result.sentence


async def test_the_host_header_is_the_name_that_is_verified(site: Site) -> None:
    result = await site.probed("other-name", "headers: {Host: other.example}")
    assert result.success, result.sentence


async def test_the_versions_of_tls_can_be_narrowed(site: Site) -> None:
    twelve = await site.probed("good", tls=", max_version: TLS12")
    assert twelve.value("probe_tls_version_info", version="TLS 1.2") == 1
    thirteen = await site.probed("tls12", tls=", min_version: TLS13")
    assert thirteen.reason == "tls_handshake"
    old = await site.probed("good", tls=", max_version: TLS10, min_version: TLS10")
    assert old.reason == "tls_handshake"


async def test_fail_if_ssl(site: Site) -> None:
    result = await site.probed("good", "fail_if_ssl: true")
    assert (result.reason, result.value("probe_http_ssl")) == ("tls_present", 1)


async def test_a_client_certificate_is_shown(site: Site, tmp_path: Path) -> None:
    pair = Authority(tmp_path).issue("client")
    without = await site.probed("client")
    assert (without.reason, without.value("probe_http_status_code")) == ("status", 400)
    files = f", cert_file: {pair.certificate}, key_file: {pair.key}"
    strange = await site.probed("client", tls=files)
    assert (strange.reason, strange.value("probe_http_status_code")) == ("status", 400)
    known = f", cert_file: {site.running.folder}/good.pem, key_file: {site.running.folder}/good.key"
    assert (await site.probed("client", tls=known)).success


async def test_a_client_certificate_may_stand_in_the_configuration(site: Site) -> None:
    folder = site.running.folder
    certificate = (folder / "good.pem").read_text().replace("\n", "\\n")
    key = (folder / "good.key").read_text().replace("\n", "\\n")
    ca = (folder / "ca.pem").read_text().replace("\n", "\\n")
    text = (
        f'prober: http\nhttp: {{tls_config: {{ca: "{ca}", cert: "{certificate}", key: "{key}"}}}}'
    )
    assert (await probed(f"https://localhost:{site.ports['client']}/", text)).success


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ("ca_file: /nope/ca.pem", "ca_file /nope/ca.pem cannot be used: No such file or directory"),
        (
            "cert_file: /nope/c.pem, key_file: /nope/c.key",
            "the client certificate (/nope/c.pem and /nope/c.key) cannot be used: "
            "No such file or directory",
        ),
    ],
)
async def test_a_missing_file_of_tls_is_named(site: Site, config: str, sentence: str) -> None:
    text = f"prober: http\nhttp: {{tls_config: {{{config}}}}}"
    result = await probed(f"https://localhost:{site.ports['good']}/", text)
    assert (result.reason, result.sentence) == ("configuration", sentence)


async def test_http2_is_spoken_where_the_server_does(site: Site) -> None:
    result = await site.probed("http2", "fail_if_body_not_matches_regexp: [HTTP/2.0]")
    assert result.success, result.sentence
    assert result.value("probe_http_version") == 2
    assert result.value("probe_http_content_length") == 19
    assert result.value("probe_http_duration_seconds", phase="processing") > 0


async def test_http2_is_not_offered_where_the_module_says_so(site: Site) -> None:
    result = await site.probed("http2", "enable_http2: false")
    assert (result.success, result.value("probe_http_version")) == (True, 1.1)


async def test_http2_carries_redirects_large_content_and_a_body(site: Site) -> None:
    redirected = await site.probed("http2", path="/redirect")
    assert redirected.value("probe_http_redirects") == 1
    assert redirected.success
    large = await site.probed("http2", path="/big/file")
    assert large.value("probe_http_uncompressed_body_length") == 1_048_576
    body = "method: POST, body: '" + "x" * 300_000 + "'"
    posted = await site.probed(
        "http2", body + ", fail_if_body_not_matches_regexp: ['^300000$']", path="/post"
    )
    assert posted.success, posted.sentence


async def test_what_is_no_tls_is_said() -> None:
    async def serve(visit: Visit) -> None:
        await visit.write(b"220 mail.example ESMTP\r\n")
        await visit.wait_for_end()

    async with serving(serve) as port:
        result = await probed(f"https://127.0.0.1:{port}/", "prober: http")
    assert (result.phase, result.reason) == ("tls", "tls_handshake")
    assert result.sentence == "the TLS handshake failed: wrong version number"
