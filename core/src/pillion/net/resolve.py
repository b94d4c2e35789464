"""Names into addresses, by the system's resolver, with the time that it took."""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.net.failure import NetworkError
from pillion.net.hosts import ip_version, resolvable, unmapped

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

ADDRESS_LIMIT = 64
_UNKNOWN = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a name stands for.

    Attributes:
        addresses: IP addresses as text, in the resolver's order, each once, 64 at most.
        seconds: how long the resolver took, without the wait for our event loop.
    """

    addresses: tuple[str, ...]
    seconds: float


class Resolver:
    """Asks getaddrinfo in threads, of which a slow name server can hold only so many."""

    def __init__(self, threads: int = 64, clock: Callable[[], float] = time.perf_counter) -> None:
        self._threads = threads
        self._clock = clock
        self._pool: ThreadPoolExecutor | None = None

    async def resolve(self, host: str) -> Resolved:
        """Return the addresses of a host; an address stands for itself.

        Raises:
            NetworkError: it is no host name (`target`), the name is unknown (`dns_nxdomain`), or
                the resolver failed (`dns_failure`).
        """
        try:
            name = resolvable(host)
        except ValueError:
            raise NetworkError("target", f"{host!r} is not a host name") from None
        if ip_version(name):
            return Resolved((unmapped(name),), 0.0)
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor  # with the first name  # noqa: PLC0415

            self._pool = ThreadPoolExecutor(self._threads, "resolve")
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, self._look_up, name)
        except socket.gaierror as error:
            raise _resolution_error(host, error) from None
        except UnicodeError:
            raise NetworkError("target", f"{host!r} is not a host name") from None

    def close(self) -> None:
        """Wait for nothing, and start no more."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _look_up(self, host: str) -> Resolved:
        started = self._clock()
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        seconds = self._clock() - started
        addresses = dict.fromkeys(unmapped(str(sockaddr[0])) for *_, sockaddr in found)
        return Resolved(tuple(addresses)[:ADDRESS_LIMIT], seconds)


def _resolution_error(host: str, error: socket.gaierror) -> NetworkError:
    if error.errno in _UNKNOWN:
        return NetworkError("dns_nxdomain", f"{host} cannot be resolved: there is no such name")
    return NetworkError("dns_failure", f"{host} cannot be resolved: {error.strerror}")
