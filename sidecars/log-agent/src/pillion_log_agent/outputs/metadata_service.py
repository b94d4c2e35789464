"""Asking a metadata service of the machine or of its agent: small answers over plain HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion_log_agent.network.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT = 1024 * 1024
TIMEOUT = 2.0
_OK, _NOT_FOUND = 200, 404


class MetadataService:
    """One service."""

    def __init__(self, host: str, port: int) -> None:
        from pillion_log_agent.outputs.http_client import HttpClient  # aiohttp  # noqa: PLC0415

        self._client = HttpClient(
            Endpoint(host, port, connect_timeout=TIMEOUT),
            {"Host": host if port == 80 else f"{host}:{port}"},  # noqa: PLR2004
        )

    async def ask(
        self, target: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> bytes | None:
        """Return what it says, None where it has nothing of that name.

        Raises:
            TransientError: it is not there, or answers otherwise.
        """
        answer = await self._client.request(
            method, target, timeout=TIMEOUT, limit=LIMIT, headers=headers
        )
        if answer.status == _NOT_FOUND:
            return None
        if answer.status != _OK:
            raise TransientError(
                f"{self._client.endpoint}{target} answered {answer.status}",
                reason=str(answer.status),
            )
        return answer.body

    async def text(self, target: str, *, headers: Mapping[str, str] | None = None) -> str | None:
        """Return the same as text."""
        found = await self.ask(target, headers=headers)
        return None if found is None else found.decode("utf-8", "replace").strip()

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()
