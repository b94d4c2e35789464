"""Access tokens of Google: by the key of a service account, or from the metadata server.

Source: Google's "Using OAuth 2.0 for server to server applications", RFC 7523, and "VM metadata".
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from pillion.errors import ConfigurationError, TransientError
from pillion.files import read_bounded
from pillion_log_agent.network.endpoint import Endpoint
from pillion_log_agent.outputs.http_client import HttpClient
from pillion_log_agent.records.json_rows import decode_object

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from pillion_log_agent.outputs.metadata_service import MetadataService

SCOPE = "https://www.googleapis.com/auth/logging.write"
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105  # an address
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFETIME = 3600
_EARLY = 300
_SECOND = 1_000_000_000
_LIMIT = 1024 * 1024
_FLAVOR = {"Metadata-Flavor": "Google"}
_OK = 200


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """The key of a service account.

    Attributes:
        email: whom it stands for.
        key_id: the number of the key.
        key: what signs, of cryptography.
        project: where it belongs.
        token_uri: who gives tokens.
    """

    email: str
    key_id: str
    key: Any
    project: str
    token_uri: str


def read_service_account(path: str) -> ServiceAccount:
    """Return what a file says; raises ConfigurationError with nothing of the key in it."""
    try:
        from cryptography.hazmat.primitives.serialization import (  # 5 MB  # noqa: PLC0415
            load_pem_private_key,
        )
    except ImportError:
        raise ConfigurationError(
            "the key of a service account needs cryptography, which is not installed: "
            "pip install 'pillion-log-agent[google]'"
        ) from None
    try:
        found = decode_object(read_bounded(path, _LIMIT))
    except OSError as error:
        raise ConfigurationError(
            f"google_service_credentials: {path} cannot be read: {error.strerror}"
        ) from None
    wanted = ("client_email", "private_key", "project_id")
    if found is None or not all(isinstance(found.get(name), str) for name in wanted):
        raise ConfigurationError(
            f"google_service_credentials: {path} is not the key of a service account; it must have "
            f"{', '.join(wanted)}"
        )
    try:
        key = load_pem_private_key(found["private_key"].encode(), None)
    except (ValueError, TypeError):
        raise ConfigurationError(
            f"google_service_credentials: {path}: private_key is not a PEM key"
        ) from None
    return ServiceAccount(
        found["client_email"],
        str(found.get("private_key_id") or ""),
        key,
        found["project_id"],
        str(found.get("token_uri") or TOKEN_URI),
    )


class Tokens:
    """Gives the token that holds now, and fetches the next before it ends."""

    def __init__(
        self,
        account: ServiceAccount | None,
        metadata: MetadataService,
        tls: ssl.SSLContext | None,
        wall_ns: Callable[[], int],
    ) -> None:
        self._account = account
        self._metadata = metadata
        self._wall_ns = wall_ns
        self._token = ""
        self._until = 0
        self._client = None if account is None else _client(account.token_uri, tls)

    async def current(self) -> str:
        """Return the token; raises TransientError where none can be had."""
        now = self._wall_ns() // _SECOND
        if not self._token or now >= self._until:
            body = await (self._of_metadata() if self._account is None else self._of_key(now))
            found = decode_object(body) or {}
            token, lifetime = found.get("access_token"), found.get("expires_in")
            if not isinstance(token, str) or not token.isascii() or not token.isprintable():
                raise TransientError("the answer has no access_token", reason="credentials")
            seconds = lifetime if isinstance(lifetime, int) else _LIFETIME
            self._token, self._until = token, now + max(seconds - _EARLY, 1)
        return self._token

    def forget(self) -> None:
        """Fetch another at the next request: this one is refused."""
        self._token = ""

    async def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            await self._client.close()

    async def _of_metadata(self) -> bytes:
        found = await self._metadata.ask(
            "/computeMetadata/v1/instance/service-accounts/default/token", headers=_FLAVOR
        )
        if found is None:
            raise TransientError("the instance has no service account", reason="credentials")
        return found

    async def _of_key(self, now: int) -> bytes:
        assert self._account is not None
        assert self._client is not None
        given = {"grant_type": _GRANT, "assertion": assertion(self._account, now)}
        answer = await self._client.request(
            "POST",
            urlsplit(self._account.token_uri).path or "/",
            [urlencode(given).encode()],
            timeout=10.0,
            limit=_LIMIT,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        if answer.status != _OK:
            words = (decode_object(answer.body) or {}).get("error_description") or ""
            raise TransientError(
                f"{self._client.endpoint} gives no token: {answer.status} {str(words)[:300]}",
                reason="credentials",
            )
        return answer.body


def assertion(account: ServiceAccount, now: int) -> str:
    """Return the signed claim of a service account: a JWT, RS256."""
    from cryptography.hazmat.primitives import hashes  # as above  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415

    head = {"alg": "RS256", "typ": "JWT", "kid": account.key_id}
    claim = {
        "iss": account.email,
        "scope": SCOPE,
        "aud": account.token_uri,
        "iat": now,
        "exp": now + _LIFETIME,
    }
    told = ".".join(_coded(json.dumps(each).encode()) for each in (head, claim))
    signature = account.key.sign(told.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{told}.{_coded(signature)}"


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _client(address: str, tls: ssl.SSLContext | None) -> HttpClient:
    endpoint = endpoint_of(address, tls)
    return HttpClient(endpoint, {"Host": urlsplit(address).netloc})


def endpoint_of(
    address: str, tls: ssl.SSLContext | None, *, connect_timeout: float = 10.0
) -> Endpoint:
    """Return whom an address means; raises ConfigurationError."""
    parts = urlsplit(address)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
        raise ConfigurationError(f"{address!r} is not an address; write https://host")
    if parts.scheme == "https" and tls is None:
        raise ConfigurationError(f"tls: is off, and {address} begins with https://")
    used = tls if parts.scheme == "https" else None
    return Endpoint(
        parts.hostname, port or (443 if used else 80), used, connect_timeout=connect_timeout
    )
