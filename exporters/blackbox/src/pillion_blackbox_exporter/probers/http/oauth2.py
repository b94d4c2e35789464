"""OAuth2 tokens, by the grant that a module names.

Grants: client credentials (RFC 6749, 4.4) and JWT bearer (RFC 7523, 2.1).
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import msgspec

from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.network.tokens import Token
from pillion_blackbox_exporter.probers.http.basic import basic
from pillion_blackbox_exporter.probers.http.token_request import post_form
from pillion_blackbox_exporter.probing.files import read_text

if TYPE_CHECKING:
    from pillion_blackbox_exporter.configuration.client import OAuth2
    from pillion_blackbox_exporter.probing.probe import Probe

EARLY = 10.0
_GOOD = range(200, 300)
_BAD_REQUEST, _SERVER_ERROR = 400, 500


async def token(probe: Probe, config: OAuth2) -> str:
    """Return an `Authorization` header with a token, fetched when there is none that is good.

    Raises:
        ProbeError: the token server gives none.
    """
    if config.is_jwt_bearer:
        file, given = config.client_certificate_key_file, config.client_certificate_key
    else:
        file, given = config.client_secret_file, config.client_secret
    secret = read_text(file) if file else given.reveal()
    key = (secret, config.tls_config, msgspec.json.encode(config, enc_hook=str))
    found = await probe.network.tokens.get(
        key, probe.trace.clock(), lambda: _fetch(probe, config, secret)
    )
    return found.header


async def _fetch(probe: Probe, config: OAuth2, secret: str) -> Token:
    ask = _exchange_assertion if config.is_jwt_bearer else _exchange_secret
    status, answer = await ask(probe, config, secret)
    if status not in _GOOD:
        raise ProbeError("authorization", f"the token server answered with the status {status}")
    text = answer.get("access_token")
    if not isinstance(text, str) or not text:
        raise ProbeError("authorization", "the token server's answer has no access_token")
    kind = str(answer.get("token_type") or "Bearer")
    kind = {"bearer": "Bearer", "basic": "Basic", "mac": "MAC"}.get(kind.lower(), kind)
    expires = answer.get("expires_in")
    good_for = float(expires) if isinstance(expires, int | float) and expires > 0 else 1e9
    return Token(f"{kind} {text}", probe.trace.clock() + good_for - EARLY)


async def _exchange_assertion(probe: Probe, config: OAuth2, key: str) -> tuple[int, dict[str, Any]]:
    # cryptography: 5 MB, where this grant is used; an extra
    from pillion_blackbox_exporter.probers.http.jwt_bearer import assertion  # noqa: PLC0415

    form = {
        "grant_type": config.grant_type,
        **config.endpoint_params,
        "assertion": assertion(config, key, time.time(), os.urandom(16).hex()),
    }
    if config.scopes:
        form["scope"] = " ".join(config.scopes)
    return await post_form(probe, config, form, "")


async def _exchange_secret(probe: Probe, config: OAuth2, secret: str) -> tuple[int, dict[str, Any]]:
    """Ask with the secret in the header, as the standard prefers, then in the form."""
    form = {"grant_type": "client_credentials", **config.endpoint_params}
    if config.scopes:
        form["scope"] = " ".join(config.scopes)
    named = basic(quote_plus(config.client_id), quote_plus(secret))
    status, answer = await post_form(probe, config, form, named)
    if _BAD_REQUEST <= status < _SERVER_ERROR:
        form |= {"client_id": config.client_id, "client_secret": secret}
        status, answer = await post_form(probe, config, form, "")
    return status, answer
