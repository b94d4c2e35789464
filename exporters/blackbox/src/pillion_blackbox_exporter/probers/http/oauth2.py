"""OAuth2 tokens, kept until they are about to expire.

Grants: client credentials (RFC 6749, 4.4) and JWT bearer (RFC 7523, 2.1).
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

import msgspec

from pillion_blackbox_exporter.failure import PROBE_ERRORS, ProbeError
from pillion_blackbox_exporter.probers.http.content import Content
from pillion_blackbox_exporter.probers.http.credentials import basic
from pillion_blackbox_exporter.probers.http.exchange import open_exchange
from pillion_blackbox_exporter.probers.http.message import Request
from pillion_blackbox_exporter.probers.http.request import USER_AGENT
from pillion_blackbox_exporter.probers.http.url import parse_url
from pillion_blackbox_exporter.probing.files import read_text
from pillion_blackbox_exporter.probing.report import Report
from pillion_blackbox_exporter.probing.trace import Trace

if TYPE_CHECKING:
    from pillion_blackbox_exporter.configuration.client import OAuth2
    from pillion_blackbox_exporter.probing.probe import Probe

EARLY = 10.0
_ANSWER_LIMIT = 1024 * 1024
_KEPT_LIMIT = 1000
_GOOD = range(200, 300)
_BAD_REQUEST, _SERVER_ERROR = 400, 500

_tokens: dict[OAuth2Key, _Token] = {}
_fetching: dict[OAuth2Key, asyncio.Lock] = {}

OAuth2Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Token:
    """A token and until when it is good, by the clock of probes."""

    header: str
    until: float


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
    while len(_fetching) > _KEPT_LIMIT:
        del _fetching[next(iter(_fetching))]
    async with _fetching.setdefault(key, asyncio.Lock()):
        kept = _tokens.get(key)
        if kept is None or kept.until <= probe.trace.clock():
            kept = await _fetch(probe, config, secret)
            while len(_tokens) >= _KEPT_LIMIT:
                del _tokens[next(iter(_tokens))]
            _tokens[key] = kept
    return kept.header


async def _fetch(probe: Probe, config: OAuth2, secret: str) -> _Token:
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
    return _Token(f"{kind} {text}", probe.trace.clock() + good_for - EARLY)


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
    return await _post(probe, config, form, "")


async def _exchange_secret(probe: Probe, config: OAuth2, secret: str) -> tuple[int, dict[str, Any]]:
    """Ask with the secret in the header, as the standard prefers, then in the form."""
    form = {"grant_type": "client_credentials", **config.endpoint_params}
    if config.scopes:
        form["scope"] = " ".join(config.scopes)
    named = basic(quote_plus(config.client_id), quote_plus(secret))
    status, answer = await _post(probe, config, form, named)
    if _BAD_REQUEST <= status < _SERVER_ERROR:
        form |= {"client_id": config.client_id, "client_secret": secret}
        status, answer = await _post(probe, config, form, "")
    return status, answer


async def _post(
    probe: Probe, config: OAuth2, form: dict[str, str], authorization: str
) -> tuple[int, dict[str, Any]]:
    from dataclasses import replace  # noqa: PLC0415  # already loaded by then

    url = parse_url(config.token_url)
    request = Request("POST", url, url.authority, body=urlencode(form).encode())
    request.headers["User-Agent"] = [USER_AGENT]
    request.headers["Content-Type"] = ["application/x-www-form-urlencoded"]
    if authorization:
        request.headers["Authorization"] = [authorization]
    aside = replace(probe, trace=Trace(probe.trace.clock), report=Report(), address="")
    exchange = await open_exchange(
        aside, request, config, config.tls_config.server_name or url.host, http2=False
    )
    try:
        head = await exchange.send(request)
        content = Content("", _ANSWER_LIMIT, keep=True)
        while piece := await exchange.read():
            await content.take(piece)
    except PROBE_ERRORS as error:
        raise ProbeError("authorization", f"the token server: {error}") from None
    finally:
        exchange.close()
    try:
        answer = msgspec.json.decode(bytes(content.kept))
    except (msgspec.DecodeError, RecursionError):
        answer = {}
    return head.status, answer if isinstance(answer, dict) else {}
