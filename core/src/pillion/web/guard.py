"""The seam between the server and whatever decides who may talk to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ssl

    from pillion.web.message import Request, Response


class Guard(Protocol):
    """Asked by the server; `Security` is the one that reads a web configuration file."""

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Headers for every answer."""
        ...

    def context(self) -> ssl.SSLContext | None:
        """Return the TLS of a connection that is about to be served; None for plain HTTP."""
        ...

    def objection(self, peer: ssl.SSLObject) -> str | None:
        """Return why a client is turned away after its handshake, or None."""
        ...

    def admit(self, request: Request) -> Response | None:
        """Return how a request is refused, None when it is not, `PENDING` to ask `verify`."""
        ...

    async def verify(self, request: Request) -> Response | None:
        """Return how a request is refused, or None, where finding out takes a while."""
        ...
