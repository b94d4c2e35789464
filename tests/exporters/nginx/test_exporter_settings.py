"""What the command line of the exporter takes, and what it refuses with which sentence."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from pillion.errors import ConfigurationError, UsageError
from pillion.settings import parse
from pillion_nginx_exporter.command import COMMAND
from pillion_nginx_exporter.settings import NginxSettings
from tests.exporters.nginx.serving import built
from tests.servers.certificates import Authority

if TYPE_CHECKING:
    from pathlib import Path


def test_without_flags_it_scrapes_where_the_peer_does() -> None:
    nginx = parse(COMMAND, (), {})[NginxSettings]
    assert [target.uri for target in nginx.scrape_uri] == ["http://127.0.0.1:8080/stub_status"]
    assert (nginx.timeout, nginx.ssl_verify, nginx.proxy_protocol) == (5.0, False, False)


@pytest.mark.parametrize(
    ("flag", "sentence"),
    [
        ("--nginx.scrape-uri=localhost", "--nginx.scrape-uri: 'localhost' is not a URI of a status page; write http://host:port/path, https://host:port/path or unix:/socket:/path"),
        ("--nginx.timeout=0s", "--nginx.timeout: '0s' is zero; it must be more"),
        ("--nginx.timeout=5", "--nginx.timeout: '5' is not a duration; use a number and a unit, such as 5s, 500ms or 1m30s"),
        ("--prometheus.const-label=1a=b", "--prometheus.const-label: '1a=b' '1a' is not a label name: letters, digits and _, no digit first"),
        ("--probe.allow=10.0.0.1/8", "--probe.allow: '10.0.0.1/8' has bits of a host below its prefix; write the network's first address"),
        ("--web.telemetry-path=metrics", "--web.telemetry-path: 'metrics' is not a path; write one that begins with /, such as /metrics"),
        ("--web.telemetry-path=/probe", "--web.telemetry-path=/probe is the path of something else"),
        ("--nginx.scrap-uri=http://a/", "unknown flag --nginx.scrap-uri; did you mean --nginx.scrape-uri?"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_in_one_line(flag: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        built(flag)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("flags", "environment"),
    [(["--nginx.plus"], {}), (["-nginx.plus=true"], {}), ([], {"NGINX_PLUS": "true"})],
)
def test_nginx_plus_is_refused(flags: list[str], environment: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"--nginx\.plus is not supported: what is read is stub_"):
        built(*flags, environment=environment)


def test_no_nginx_plus_is_taken() -> None:
    built("--no-nginx.plus", environment={"NGINX_PLUS": "true"})


def test_a_uri_that_is_given_twice_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--nginx\.scrape-uri=http://a/ is given twice"):
        built("--nginx.scrape-uri=http://a/", "--nginx.scrape-uri=http://a/")


def test_a_key_without_a_certificate_is_refused_at_once() -> None:
    with pytest.raises(ConfigurationError, match="the certificate is missing"):
        built("--nginx.ssl-client-key=/etc/key.pem")


def test_an_authority_that_is_not_used_is_told(tmp_path: Path) -> None:
    log = io.StringIO()
    built(f"--nginx.ssl-ca-cert={Authority(tmp_path).path}", log=log)
    assert "the certificate of nginx is not verified" in log.getvalue()


def test_a_manifest_of_the_peers_0_x_is_taken_with_a_warning() -> None:
    log = io.StringIO()
    built(
        "-nginx.scrape-uri=http://localhost/stub_status",
        "-nginx.retries=10",
        "-nginx.retry-interval=5s",
        "-prometheus.const-labels=team=web,env=prod",
        log=log,
    )
    lines = log.getvalue()
    assert lines.count("level=warn") == 3
    assert "flag=--nginx.retries\n" in lines
    assert "flag=--prometheus.const-labels new=--prometheus.const-label" in lines


def test_serving_tls_by_the_flags_of_0_x_is_refused_with_what_to_write() -> None:
    with pytest.raises(UsageError) as caught:
        built(
            "-web.secured-metrics",
            "-web.ssl-server-cert=/tls/crt",
            environment={"SSL_SERVER_KEY": "/tls/key"},
        )
    assert str(caught.value) == (
        "--web.secured-metrics is not supported; name a file with --web.config.file that has "
        "tls_server_config: {cert_file: /tls/crt, key_file: /tls/key}"
    )
