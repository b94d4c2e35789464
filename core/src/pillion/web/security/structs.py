"""The web configuration file as it is written: its keys and the kinds of their values.

A key that is there without a value counts as one that is not there, as it does for Go.
"""

from __future__ import annotations

import msgspec


class TLSServerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`tls_server_config`: the certificate, and what is asked of clients."""

    cert: str | None = None
    key: str | None = None
    client_ca: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    client_auth_type: str | None = None
    client_ca_file: str | None = None
    client_allowed_sans: list[str] | None = None
    min_version: str | None = None
    max_version: str | None = None
    cipher_suites: list[str] | None = None
    prefer_server_cipher_suites: bool | None = None
    curve_preferences: list[str] | None = None


class Headers(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename={
        "content_security_policy": "Content-Security-Policy",
        "x_frame_options": "X-Frame-Options",
        "x_content_type_options": "X-Content-Type-Options",
        "x_xss_protection": "X-XSS-Protection",
        "strict_transport_security": "Strict-Transport-Security",
    },
):
    """`http_server_config.headers`: the headers that may be added, and no others."""

    content_security_policy: str | None = None
    x_frame_options: str | None = None
    x_content_type_options: str | None = None
    x_xss_protection: str | None = None
    strict_transport_security: str | None = None


class HTTPServerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`http_server_config`: what concerns every answer."""

    http2: bool | None = None
    headers: Headers | None = None


class RateLimitConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`rate_limit`: a token bucket for all requests together."""

    interval: str | int | None = None
    burst: int | None = None


class WebConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    tls_server_config: TLSServerConfig | None = None
    http_server_config: HTTPServerConfig | None = None
    basic_auth_users: dict[str, object] | None = None
    rate_limit: RateLimitConfig | None = None
