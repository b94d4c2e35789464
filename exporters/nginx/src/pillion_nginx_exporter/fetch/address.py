"""From an endpoint to the addresses that can be connected to, each of them judged once."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion.errors import TransientError

if TYPE_CHECKING:
    from pillion_nginx_exporter.target import Endpoint


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a socket.

    Attributes:
        family: `socket.AF_INET`, `AF_INET6` or `AF_UNIX`.
        sockaddr: what `connect` takes.
    """

    family: int
    sockaddr: Any

    @property
    def ip(self) -> str:
        """The IP address; empty for a Unix socket."""
        return "" if self.family == socket.AF_UNIX else str(self.sockaddr[0])

    def __str__(self) -> str:
        if self.family == socket.AF_UNIX:
            return f"unix:{self.sockaddr}".replace("\0", "@")
        host = f"[{self.ip}]" if self.family == socket.AF_INET6 else self.ip
        return f"{host}:{self.sockaddr[1]}"


async def resolve(endpoint: Endpoint) -> tuple[Address, ...]:
    """Return the addresses of an endpoint, in the order in which they are to be tried.

    Raises:
        TransientError: the name cannot be resolved; the reason is `dns`.
    """
    if endpoint.socket_path:
        path = endpoint.socket_path
        name = "\0" + path[1:] if path.startswith("@") else path
        return (Address(socket.AF_UNIX, name),)
    if literal := _literal(endpoint.host, endpoint.port):
        return (literal,)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            endpoint.host, endpoint.port, type=socket.SOCK_STREAM
        )
    except (socket.gaierror, UnicodeError) as error:
        why = error.strerror if isinstance(error, socket.gaierror) else "it is not a host name"
        raise TransientError(f"{endpoint.host} cannot be resolved: {why}", reason="dns") from None
    return tuple(dict.fromkeys(Address(family, sockaddr) for family, *_, sockaddr in found))


def _literal(host: str, port: int) -> Address | None:
    """Return the address of a host that is one already; a zone is left to the resolver."""
    for family, rest in ((socket.AF_INET, ()), (socket.AF_INET6, (0, 0))):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return Address(family, (host, port, *rest))
    return None
