"""The seam between the server and whatever decides who may talk to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a request is refused.

    Attributes:
        status: the code of RFC 9110.
        text: one line for the client.
        headers: to send with it.
    """

    status: int
    text: str
    headers: tuple[tuple[str, str], ...] = ()


class Guard(Protocol):
    """Asked by the server; `Security` is the one that reads a web configuration file."""

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Headers for every answer."""
        ...

    def context(self) -> ssl.SSLContext | None:
        """Return the TLS of a connection that is about to be served; None for plain HTTP."""
        ...

    def verify_peer(self, peer: ssl.SSLObject) -> str | None:
        """Return why a client is turned away after its handshake, or None."""
        ...

    async def authorize(self, authorization: str) -> Refusal | None:
        """Return how a request with this Authorization header is refused, or None."""
        ...
