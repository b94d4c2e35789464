"""Names into addresses, by the system's resolver, and the choice of one as the peer makes it."""

from __future__ import annotations

import asyncio
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.network.hosts import resolvable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ADDRESS_LIMIT = 64
_MAPPED = bytes(10) + b"\xff\xff"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a name stands for.

    Attributes:
        addresses: IP addresses as text, in the resolver's order, each once.
        seconds: how long the resolver took, without the wait for our event loop.
    """

    addresses: tuple[str, ...]
    seconds: float


def ip_version(text: str) -> int:
    """Return 4 or 6 for the usual spelling of an IP address (a zone may follow it), else 0."""
    for family, version in ((socket.AF_INET, 4), (socket.AF_INET6, 6)):
        try:
            socket.inet_pton(family, text.partition("%")[0] if version == 6 else text)  # noqa: PLR2004
        except (OSError, ValueError):
            continue
        return version
    return 0


def unmapped(address: str) -> str:
    """Return an IPv4 address that is written as IPv6 (`::ffff:10.0.0.1`) as what it is."""
    if ":" not in address or "%" in address:
        return address
    packed = socket.inet_pton(socket.AF_INET6, address)
    if packed[:12] != _MAPPED:
        return address
    return socket.inet_ntop(socket.AF_INET, packed[12:])


def socket_address(address: str, port: int) -> tuple[int, tuple[Any, ...]]:
    """Return the family of an IP address, and how the socket module takes it with a port."""
    if ":" not in address:
        return socket.AF_INET, (address, port)
    if "%" in address:
        found = socket.getaddrinfo(address, port, flags=socket.AI_NUMERICHOST)
        return socket.AF_INET6, found[0][4]
    return socket.AF_INET6, (address, port, 0, 0)


class Resolver:
    """Asks getaddrinfo in threads, of which a slow name server can hold only so many."""

    def __init__(self, threads: int = 64, clock: Callable[[], float] = time.perf_counter) -> None:
        self._threads = threads
        self._clock = clock
        self._pool: ThreadPoolExecutor | None = None

    async def resolve(self, host: str) -> Resolved:
        """Return the addresses of a host; an address stands for itself.

        Raises:
            ProbeError: the name is unknown, or the resolver failed.
        """
        try:
            name = resolvable(host)
        except ValueError:
            raise ProbeError("target", f"{host!r} is no host name") from None
        if ip_version(name):
            return Resolved((unmapped(name),), 0.0)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, "resolve")
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, self._look_up, name)
        except socket.gaierror as error:
            raise _resolution_error(host, error) from None
        except UnicodeError:
            raise ProbeError("target", f"{host!r} is no host name") from None

    def _look_up(self, host: str) -> Resolved:
        started = self._clock()
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        seconds = self._clock() - started
        addresses = dict.fromkeys(unmapped(str(sockaddr[0])) for *_, sockaddr in found)
        return Resolved(tuple(addresses)[:ADDRESS_LIMIT], seconds)

    def close(self) -> None:
        """Wait for nothing, and start no more."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def choose(host: str, addresses: Sequence[str], preferred: str, *, fallback: bool) -> str:
    """Return the address to probe: the first of the preferred protocol, else the last other.

    Args:
        host: for the message.
        addresses: IP addresses in the resolver's order.
        preferred: `ip4` or `ip6`; nothing is `ip6`.
        fallback: whether the other protocol will do.

    Raises:
        ProbeError: there is none.
    """
    wanted = 4 if preferred == "ip4" else 6
    for address in addresses:
        if ip_version(address) == wanted:
            return address
    if fallback and addresses:
        return addresses[-1]
    raise ProbeError("dns_no_address", f"{host} has no IPv{wanted} address")


def _resolution_error(host: str, error: socket.gaierror) -> ProbeError:
    unknown = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
    if error.errno in unknown:
        return ProbeError("dns_nxdomain", f"{host} cannot be resolved: there is no such name")
    return ProbeError("dns_failure", f"{host} cannot be resolved: {error.strerror}")
