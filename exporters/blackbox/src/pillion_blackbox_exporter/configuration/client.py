"""How a client proves who it is and whom it trusts: TLS, credentials, proxies, headers.

Keys and defaults are those of Prometheus' common HTTP client configuration.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from pillion.configuration import WrongKeyError
from pillion_blackbox_exporter.configuration.kinds import Secret

TlsVersion = Literal["TLS10", "TLS11", "TLS12", "TLS13"]

_RESERVED_HEADERS = frozenset(
    {
        "authorization",
        "host",
        "content-encoding",
        "content-length",
        "content-type",
        "user-agent",
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "www-authenticate",
        "accept-encoding",
        "x-prometheus-remote-write-version",
        "x-prometheus-remote-read-version",
        "x-prometheus-scrape-timeout-seconds",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-content-sha256",
    }
)
PROXY_SCHEMES = ("http://", "https://", "socks5://", "socks5h://")
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def _at_most_one(**keys: object) -> None:
    given = [name for name, value in keys.items() if value]
    if len(given) > 1:
        raise ValueError(f"has both {' and '.join(given)}; one of them is enough")


class TlsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whom to trust, and as whom to appear. Equal ones share one SSLContext."""

    insecure_skip_verify: bool = False
    ca: str = ""
    ca_file: str = ""
    cert: str = ""
    cert_file: str = ""
    key: Secret = Secret("")
    key_file: str = ""
    server_name: str = ""
    min_version: TlsVersion | None = None
    max_version: TlsVersion | None = None

    def __post_init__(self) -> None:
        _at_most_one(ca=self.ca, ca_file=self.ca_file)
        _at_most_one(cert=self.cert, cert_file=self.cert_file)
        _at_most_one(key=self.key, key_file=self.key_file)
        has_cert, has_key = bool(self.cert or self.cert_file), bool(self.key or self.key_file)
        if has_cert and not has_key:
            raise ValueError("has a client certificate but no key or key_file")
        if has_key and not has_cert:
            raise ValueError("has a client key but no cert or cert_file")
        if self.min_version and self.max_version and self.min_version > self.max_version:
            raise WrongKeyError(
                "min_version", f"is {self.min_version}, above the max_version {self.max_version}"
            )


class BasicAuth(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A name and a password, or the files that hold them."""

    username: str = ""
    username_file: str = ""
    password: Secret = Secret("")
    password_file: str = ""

    def __post_init__(self) -> None:
        _at_most_one(username=self.username, username_file=self.username_file)
        _at_most_one(password=self.password, password_file=self.password_file)


class Authorization(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The `Authorization` header: its scheme and the credentials after it."""

    type: str = "Bearer"
    credentials: Secret = Secret("")
    credentials_file: str = ""

    def __post_init__(self) -> None:
        _at_most_one(credentials=self.credentials, credentials_file=self.credentials_file)
        if self.type.strip().lower() == "basic":
            raise WrongKeyError("type", 'cannot be "basic"; that is what basic_auth is for')


class ProxyConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which proxy to go through, and for which hosts not to."""

    proxy_url: str = ""
    no_proxy: str = ""
    proxy_from_environment: bool = False
    proxy_connect_header: dict[str, tuple[Secret, ...]] = msgspec.field(default_factory=dict)


def check_proxy(proxy: Any) -> None:
    """Raise ValueError when the proxy's keys do not go together."""
    if proxy.proxy_connect_header and not (proxy.proxy_url or proxy.proxy_from_environment):
        raise WrongKeyError(
            "proxy_connect_header", "needs proxy_url or proxy_from_environment beside it"
        )
    _at_most_one(proxy_url=proxy.proxy_url, proxy_from_environment=proxy.proxy_from_environment)
    _at_most_one(no_proxy=proxy.no_proxy, proxy_from_environment=proxy.proxy_from_environment)
    if proxy.no_proxy and not proxy.proxy_url:
        raise WrongKeyError("no_proxy", "needs proxy_url beside it")
    if proxy.proxy_url and not proxy.proxy_url.startswith(PROXY_SCHEMES):
        listed = ", ".join(PROXY_SCHEMES)
        raise WrongKeyError("proxy_url", f"must be a URL that begins with one of {listed}")


class OAuth2(ProxyConfig, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The client credentials grant (RFC 6749, 4.4), or the JWT bearer grant (RFC 7523, 2.1)."""

    client_id: str = ""
    client_secret: Secret = Secret("")
    client_secret_file: str = ""
    scopes: tuple[str, ...] = ()
    token_url: str = ""
    endpoint_params: dict[str, str] = msgspec.field(default_factory=dict)
    tls_config: TlsConfig = TlsConfig()
    grant_type: str = ""
    client_certificate_key_id: str = ""
    client_certificate_key: Secret = Secret("")
    client_certificate_key_file: str = ""
    signature_algorithm: Literal["", "RS256", "RS384", "RS512"] = ""
    iss: str = ""
    audience: str = ""
    claims: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def is_jwt_bearer(self) -> bool:
        """Whether a signed assertion is exchanged for the token."""
        return self.grant_type == _JWT_BEARER

    def __post_init__(self) -> None:
        if not self.client_id:
            raise ValueError("lacks the key 'client_id'")
        if not self.token_url:
            raise ValueError("lacks the key 'token_url'")
        if not self.token_url.startswith(("http://", "https://")):
            raise WrongKeyError("token_url", "must be a URL that begins with http:// or https://")
        _at_most_one(client_secret=self.client_secret, client_secret_file=self.client_secret_file)
        _at_most_one(
            client_certificate_key=self.client_certificate_key,
            client_certificate_key_file=self.client_certificate_key_file,
        )
        if self.is_jwt_bearer and not (
            self.client_certificate_key or self.client_certificate_key_file
        ):
            raise ValueError("lacks the key 'client_certificate_key', which signs the JWT")
        check_proxy(self)


class HeaderValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The values of one header: as they are, secret, or the contents of files."""

    values: tuple[str, ...] = ()
    secrets: tuple[Secret, ...] = ()
    files: tuple[str, ...] = ()


class HttpClient(ProxyConfig, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The keys that an HTTP client has in every file of Prometheus' projects."""

    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    oauth2: OAuth2 | None = None
    bearer_token: Secret = Secret("")
    bearer_token_file: str = ""
    tls_config: TlsConfig = TlsConfig()
    follow_redirects: bool = True
    enable_http2: bool = True
    http_headers: dict[str, HeaderValues] = msgspec.field(default_factory=dict)


def check_client(client: HttpClient) -> None:
    """Raise ValueError when keys of an HTTP client do not go together."""
    _at_most_one(
        basic_auth=client.basic_auth,
        authorization=client.authorization,
        oauth2=client.oauth2,
        bearer_token=client.bearer_token,
        bearer_token_file=client.bearer_token_file,
    )
    check_proxy(client)
    for name in client.http_headers:
        if name.lower() in _RESERVED_HEADERS:
            raise WrongKeyError("http_headers", f"cannot set {name!r}, which has a key of its own")
