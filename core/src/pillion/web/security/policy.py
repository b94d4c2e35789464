"""One reading of the web configuration file: checked, and made into what the server asks."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.configuration import Document, convert
from pillion.settings.kinds import parse_duration
from pillion.web.security.rate import Rate
from pillion.web.security.structs import HTTPServerConfig, RateLimitConfig, WebConfig
from pillion.web.security.tls import TLS, build_tls

if TYPE_CHECKING:
    from collections.abc import Mapping

BCRYPT_HASH = re.compile(r"\$2[abxy]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")

_ALLOWED_VALUES = {
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-Content-Type-Options": ("nosniff",),
}
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")


@dataclass(frozen=True, slots=True)
class Policy:
    """What the file says.

    Attributes:
        tls: how connections are encrypted; None for plain HTTP.
        headers: what is added to every answer.
        users: by the user's name in UTF-8, the bcrypt hash of the password; empty admits all.
        rate: how many requests are answered; None for all.
        files: the other files that were read.
    """

    tls: TLS | None
    headers: tuple[tuple[str, str], ...]
    users: Mapping[bytes, bytes]
    rate: Rate | None
    files: tuple[str, ...]


def read_policy(path: str) -> Policy:
    """Read the file and what it names.

    Raises:
        ConfigurationError: with file, line and key; never with a secret.
    """
    document = Document.read(path)
    config = convert(document, WebConfig)
    tls = None
    if config.tls_server_config is not None and document.data["tls_server_config"]:
        directory = os.path.dirname(path)  # noqa: PTH120  # pathlib costs 1 MB
        tls = build_tls(document, config.tls_server_config, directory)
    return Policy(
        tls=tls,
        headers=_headers(document, config.http_server_config or HTTPServerConfig()),
        users=_users(document, config.basic_auth_users or {}),
        rate=_rate(document, config.rate_limit or RateLimitConfig()),
        files=tls.files if tls is not None else (),
    )


def _headers(document: Document, config: HTTPServerConfig) -> tuple[tuple[str, str], ...]:
    if config.http2:
        raise document.error(
            ("http_server_config", "http2"),
            "HTTP/2 is not spoken here; leave the key out or write false",
        )
    if config.headers is None:
        return ()
    written = document.data["http_server_config"]["headers"]
    headers = tuple((name, value) for name, value in written.items() if value)
    for name, value in headers:
        at = ("http_server_config", "headers", name)
        allowed = _ALLOWED_VALUES.get(name)
        if allowed and value not in allowed:
            raise document.error(at, f"{value!r} is not allowed; write {' or '.join(allowed)}")
        if not _HEADER_VALUE.fullmatch(value):
            raise document.error(at, "has a line break or a letter that no header can hold")
    return headers


def _users(document: Document, users: Mapping[str, object]) -> dict[bytes, bytes]:
    hashes = {}
    for name, value in users.items():
        at = ("basic_auth_users", name)
        if ":" in name:
            raise document.error(at, "a user's name cannot have a colon")
        if not isinstance(value, str) or not BCRYPT_HASH.fullmatch(value):
            raise document.error(
                at, "is not a bcrypt hash; `htpasswd -nBC 10 NAME` makes one of a password"
            )
        hashes[name.encode()] = value.encode()
    return hashes


def _rate(document: Document, config: RateLimitConfig) -> Rate | None:
    at = ("rate_limit", "interval")
    written = config.interval
    if isinstance(written, int) and written != 0:
        raise document.error(at, f"{written} has no unit; write a duration such as 100ms")
    try:
        interval = parse_duration(str(written or 0))
    except ValueError as error:
        raise document.error(at, f"{written!r} {error}") from None
    if interval == 0:
        return None
    burst = config.burst or 0
    if burst < 1:
        raise document.error(
            ("rate_limit", "burst"), f"{burst} would let no request through; write 1 or more"
        )
    return Rate(interval, burst)
