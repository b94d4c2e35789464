"""The `Authorization` header that a module or a URL asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_blackbox_exporter.probers.http.basic import basic
from pillion_blackbox_exporter.probers.http.message import check_header
from pillion_blackbox_exporter.probing.files import read_text

if TYPE_CHECKING:
    from pillion_blackbox_exporter.configuration.client import HttpClient
    from pillion_blackbox_exporter.probers.http.message import Request
    from pillion_blackbox_exporter.probing.probe import Probe


async def authorize(probe: Probe, client: HttpClient, request: Request) -> None:
    """Add the header, unless the request has one already.

    Raises:
        ProbeError: a file cannot be read, or a token server gives none.
    """
    if request.has("authorization"):
        return
    value = await _authorization(probe, client, request)
    if value:
        check_header("Authorization", value)
        request.headers["Authorization"] = [value]


async def _authorization(probe: Probe, client: HttpClient, request: Request) -> str:
    if client.basic_auth is not None:
        auth = client.basic_auth
        user = read_text(auth.username_file) if auth.username_file else auth.username
        password = read_text(auth.password_file) if auth.password_file else auth.password.reveal()
        return basic(user, password)
    if client.authorization is not None:
        given = client.authorization
        secret = (
            read_text(given.credentials_file)
            if given.credentials_file
            else given.credentials.reveal()
        )
        return f"{given.type.strip() or 'Bearer'} {secret}"
    if client.bearer_token_file:
        return f"Bearer {read_text(client.bearer_token_file)}"
    if client.bearer_token:
        return f"Bearer {client.bearer_token.reveal()}"
    if client.oauth2 is not None:
        from pillion_blackbox_exporter.probers.http.oauth2 import token  # noqa: PLC0415  # rare

        return await token(probe, client.oauth2)
    if request.url.has_user:
        return basic(request.url.user, request.url.password)
    return ""
