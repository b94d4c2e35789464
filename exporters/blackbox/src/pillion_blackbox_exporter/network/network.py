"""What all probers reach the network through. Each step returns what came of it."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.net import Resolver, Stream, connect, connection_error, socket_address
from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.network.contexts import Contexts
from pillion_blackbox_exporter.network.guard import AllowAll
from pillion_blackbox_exporter.network.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.net import Resolved, SocketAddress
    from pillion_blackbox_exporter.network.guard import Guard


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection.

    Attributes:
        stream: what it is written to and read from.
        address: where it leads, as it is shown.
        ended: when it was connected, by the network's clock.
    """

    stream: Stream
    address: str
    ended: float


class Network:
    """Shared by all probes of a process.

    Attributes:
        guard: what may be probed.
        resolver: names into addresses.
        contexts: TLS configurations into SSLContexts.
        tokens: those of OAuth2.
        clock: seconds, of which every moment is taken.
    """

    def __init__(
        self,
        guard: Guard | None = None,
        resolver: Resolver | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.guard: Guard = guard or AllowAll()
        self.resolver = resolver or Resolver()
        self.contexts = Contexts()
        self.tokens = Tokens()
        self.clock = clock

    async def resolve(self, scheme: str, host: str, port: int) -> Resolved:
        """Return the addresses of a host that the guard lets pass by its name.

        Args:
            scheme: `http`, `https`, `tcp`, `dns`, ...; the guard may judge by it. What goes by
                `proxy` is named by the configuration, and not judged.
            host: a name or an address.
            port: the port; 0 where there are none.

        Raises:
            ProbeError: it has none, or the guard refuses the host.
        """
        self.check_host(scheme, host, port)
        return await self.resolver.resolve(host)

    def check_host(self, scheme: str, host: str, port: int, *, is_final: bool = False) -> None:
        """Raise ProbeError when the guard refuses a host by its name.

        `is_final` says that no address of it will be judged.
        """
        if scheme == "proxy":
            return
        if sentence := self.guard.refuses_host(scheme, host, port, is_final=is_final):
            raise ProbeError("denied", sentence)

    def check_address(self, scheme: str, host: str, address: str, port: int) -> None:
        """Raise ProbeError when the guard refuses an address; call it before any sending."""
        if scheme == "proxy":
            return
        if sentence := self.guard.refuses_address(scheme, host, address, port):
            raise ProbeError("denied", sentence)

    async def connect(
        self, scheme: str, host: str, address: str, port: int, *, source: str = ""
    ) -> Connected:
        """Connect to an IP address that the guard lets pass, and have it judge who is there.

        Raises:
            ProbeError: it could not be connected, or the guard refuses it.
        """
        self.check_address(scheme, host, address, port)
        where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        family, place = socket_address(address, port)
        connected = await self._connect(family, place, source, where)
        try:
            peer = str(connected.stream.socket.getpeername()[0])
            self.check_address(scheme, host, peer, port)
        except BaseException as error:
            connected.stream.close()
            if isinstance(error, OSError):
                raise connection_error(error, f"connecting to {where}") from None
            raise
        return connected

    async def connect_unix(self, path: str) -> Connected:
        """Connect to a unix socket.

        Raises:
            ProbeError: it could not be connected, or the guard refuses it.
        """
        self.check_host("unix", path, 0, is_final=True)
        return await self._connect(socket.AF_UNIX, path, "", path)

    async def _connect(
        self, family: int, address: SocketAddress, source: str, where: str
    ) -> Connected:
        try:
            connected, moment = await connect(family, address, source, self.clock)
        except OSError as error:
            raise connection_error(error, f"connecting to {where}") from None
        return Connected(Stream(connected, self.clock), where, moment)
