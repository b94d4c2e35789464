"""The settings of the nginx exporter: the peer's flags and variables, and a few of its own."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import DURATION, PATH, TEXT, Kind, optional, repeated, setting, switch
from pillion.settings.kinds import positive
from pillion_nginx_exporter.allow import RULE, Rule
from pillion_nginx_exporter.labels import LABELS, Labels
from pillion_nginx_exporter.target import TARGET, Target, parse_target


def _parse_http_path(text: str) -> str:
    if not text.startswith("/") or any(
        not "!" <= letter <= "~" or letter in "?#" for letter in text
    ):
        raise ValueError("is not a path; write one that begins with /, such as /metrics")
    return text


HTTP_PATH: Kind[str] = Kind("/PATH", _parse_http_path)


@dataclass(frozen=True, slots=True)
class NginxSettings:
    """What is scraped, and how."""

    scrape_uri: tuple[Target, ...] = repeated(
        "nginx.scrape-uri",
        TARGET,
        "The status page of an nginx: http://host:port/path, https://host:port/path or "
        "unix:/socket:/path. Given several times, every series has the label addr.",
        default=(parse_target("http://127.0.0.1:8080/stub_status"),),
        env="SCRAPE_URI",
    )
    timeout: float = setting(
        "nginx.timeout",
        positive(DURATION),
        "The most that one scrape of nginx may take. Prometheus' own scrape timeout, where it "
        "is shorter, comes first.",
        default=5.0,
        env="TIMEOUT",
    )
    ssl_verify: bool = switch(
        "nginx.ssl-verify",
        "Scrape over https only where nginx' certificate is trusted and bears its name.",
        env="SSL_VERIFY",
    )
    ssl_ca_cert: str | None = optional(
        "nginx.ssl-ca-cert",
        PATH,
        "A PEM file with the authorities to trust in place of the system's.",
        env="SSL_CA_CERT",
    )
    ssl_client_cert: str | None = optional(
        "nginx.ssl-client-cert",
        PATH,
        "A PEM file with the certificate, and its chain, to show to nginx.",
        env="SSL_CLIENT_CERT",
    )
    ssl_client_key: str | None = optional(
        "nginx.ssl-client-key",
        PATH,
        "A PEM file with the key of --nginx.ssl-client-cert.",
        env="SSL_CLIENT_KEY",
    )
    ssl_server_name: str = setting(
        "nginx.ssl-server-name",
        TEXT,
        "The name to ask for (SNI) and to verify over https, in place of the URI's host.",
        default="",
    )
    proxy_protocol: bool = switch(
        "nginx.proxy-protocol",
        "Begin each connection to nginx with a header of the PROXY protocol, version 2.",
        env="PROXY_PROTOCOL",
    )
    plus: bool = switch(
        "nginx.plus",
        "Refused: the API of NGINX Plus is not supported.",
        env="NGINX_PLUS",
    )


@dataclass(frozen=True, slots=True)
class ExpositionSettings:
    """How the figures are shown."""

    telemetry_path: str = setting(
        "web.telemetry-path",
        HTTP_PATH,
        "The path of the metrics.",
        default="/metrics",
        env="TELEMETRY_PATH",
    )
    const_label: tuple[Labels, ...] = repeated(
        "prometheus.const-label",
        LABELS,
        "A label on every series of nginx. In the variable, one a line or with commas.",
        env="CONST_LABELS",
    )
    probe_allow: tuple[Rule, ...] = repeated(
        "probe.allow",
        RULE,
        "What GET /probe?target=URI may measure: a host, host:port, a network such as "
        "10.0.0.0/8, or the path of a Unix socket. Without it /probe answers 403.",
    )
