"""The client of one target: keeps its connection, opens it anew, follows redirects."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pillion
from pillion.errors import TransientError
from pillion.net import encode
from pillion_nginx_exporter.fetch.address import Address, resolve
from pillion_nginx_exporter.fetch.dial import dial
from pillion_nginx_exporter.fetch.failure import translated
from pillion_nginx_exporter.target import redirected

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pillion_nginx_exporter.fetch.connection import Answer, Connection
    from pillion_nginx_exporter.fetch.tls import ClientTls
    from pillion_nginx_exporter.target import Endpoint, Target

_OK = 200
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 10  # as Go's client, which the peer is built on
_MOST_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Wire:
    """How connections are made.

    Attributes:
        tls: how TLS is spoken.
        sends_proxy_header: whether each connection begins with a header of the PROXY protocol.
        addresses: an endpoint to the addresses that may be connected to, best first. It
            raises TransientError for a name that cannot be resolved, and RejectedError for
            an endpoint that is not to be connected to.
    """

    tls: ClientTls
    sends_proxy_header: bool = False
    addresses: Callable[[Endpoint], Awaitable[tuple[Address, ...]]] = resolve


class Client:
    """Fetches the page of one target, one fetch at a time."""

    __slots__ = ("_connections", "_request", "_target", "_wire")

    def __init__(self, target: Target, wire: Wire) -> None:
        self._target = target
        self._wire = wire
        self._request = _request(target)
        # By endpoint, since a target may redirect to another; the newest is the last.
        self._connections: dict[Endpoint, Connection] = {}

    async def fetch(self, deadline: float) -> bytes:
        """Return the body of the page.

        Args:
            deadline: when to have given up, in the loop's time.

        Raises:
            TransientError: there is no such answer; the reason is one of `failure.REASONS`.
            RejectedError: an endpoint on the way is not to be connected to.
        """
        answer = await self._ask(self._target.endpoint, self._request, deadline)
        if answer.status == _OK:
            return answer.body
        target = self._target
        for _ in range(_MOST_REDIRECTS):
            if answer.status not in _REDIRECTS or not answer.location:
                break
            target = _follow(target, answer.location)
            answer = await self._ask(target.endpoint, _request(target), deadline)
            if answer.status == _OK:
                return answer.body
        if answer.status in _REDIRECTS and answer.location:
            raise TransientError(
                f"{self._target.uri} redirects more than {_MOST_REDIRECTS} times",
                reason="redirect",
            )
        raise TransientError(
            f"{target.uri} answered with the status {answer.status} in place of 200",
            reason="status",
        )

    def close(self) -> None:
        """Close every connection."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    async def _ask(self, endpoint: Endpoint, request: bytes, deadline: float) -> Answer:
        connection = self._connections.get(endpoint)
        if connection is None or not connection.is_open:
            connection = await self._open(endpoint, deadline)
        try:
            return await connection.ask(request, deadline)
        except TransientError:
            if not connection.was_closed_while_idle:
                raise
        connection = await self._open(endpoint, deadline)
        return await connection.ask(request, deadline)

    async def _open(self, endpoint: Endpoint, deadline: float) -> Connection:
        if (ended := self._connections.pop(endpoint, None)) is not None:
            ended.close()
        while len(self._connections) >= _MOST_CONNECTIONS:
            self._connections.pop(next(iter(self._connections))).close()
        wire = self._wire
        try:
            async with asyncio.timeout_at(deadline):
                connection = await dial(
                    endpoint,
                    await wire.addresses(endpoint),
                    deadline,
                    tls=wire.tls,
                    sends_proxy_header=wire.sends_proxy_header,
                )
        except TimeoutError as error:
            raise translated(error, endpoint) from None
        self._connections[endpoint] = connection
        return connection


def _follow(target: Target, location: str) -> Target:
    try:
        return redirected(target, location)
    except ValueError as error:
        raise TransientError(f"the redirect of {target.uri} {error}", reason="redirect") from None


def _request(target: Target) -> bytes:
    headers = [
        ("Host", target.authority),
        ("User-Agent", f"pillion-nginx-exporter/{pillion.__version__}"),
        ("Accept", "text/plain, */*;q=0.1"),
    ]
    if target.authorization:
        headers.append(("Authorization", target.authorization))
    return encode("GET", target.path, headers)
