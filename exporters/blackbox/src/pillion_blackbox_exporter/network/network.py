"""What all probers reach the network through. Each step is a phase and is reported."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from pillion_blackbox_exporter.network.connecting import connect
from pillion_blackbox_exporter.network.contexts import Contexts
from pillion_blackbox_exporter.network.failures import connection_error
from pillion_blackbox_exporter.network.guard import AllowAll
from pillion_blackbox_exporter.network.metrics import IP_HASH, IP_PROTOCOL, LOOKUP_TIME
from pillion_blackbox_exporter.network.resolving import Resolved, Resolver, choose, ip_version
from pillion_blackbox_exporter.network.stream import Stream
from pillion_blackbox_exporter.probing.failure import ProbeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_blackbox_exporter.configuration.client import TlsConfig
    from pillion_blackbox_exporter.network.connecting import SocketAddress
    from pillion_blackbox_exporter.network.guard import Guard
    from pillion_blackbox_exporter.probing.probe import Probe

_FNV_OFFSET, _FNV_PRIME = 2166136261, 16777619


class Network:
    """Shared by all probes of a process.

    Attributes:
        guard: what may be probed.
        resolver: names into addresses.
        contexts: TLS configurations into SSLContexts.
    """

    def __init__(self, guard: Guard | None = None, resolver: Resolver | None = None) -> None:
        self.guard: Guard = guard or AllowAll()
        self.resolver = resolver or Resolver()
        self.contexts = Contexts()

    async def resolve(
        self, probe: Probe, scheme: str, host: str, port: int, preferred: str, *, fallback: bool
    ) -> str:
        """Return the address of the target that is to be probed, as phase `resolve`.

        Args:
            probe: whose target it is; its `address`, where given, is the answer.
            scheme: `http`, `https`, `tcp`, `dns`, ...; the guard may judge by it.
            host: the target's name or address.
            port: the same; 0 where there are none.
            preferred: `ip4`, `ip6` or nothing.
            fallback: whether the other protocol will do.

        Raises:
            ProbeError: it has none, or the guard refuses the host or its address.
        """
        probe.trace.begin("resolve")
        started = probe.trace.phases[-1].start
        if sentence := self.guard.refuses_host(scheme, host, port):
            raise ProbeError("denied", sentence)
        try:
            if probe.address:
                resolved = Resolved((probe.address,), probe.lookup_time)
            else:
                resolved = await self.resolver.resolve(host)
        except BaseException:
            probe.report.set(LOOKUP_TIME, probe.trace.clock() - started)
            raise
        probe.report.set(LOOKUP_TIME, resolved.seconds)
        probe.trace.end(started + resolved.seconds)
        chosen = choose(
            host, resolved.addresses, preferred, fallback=fallback or bool(probe.address)
        )
        probe.report.set(IP_PROTOCOL, ip_version(chosen))
        probe.report.set(IP_HASH, address_hash(chosen))
        probe.log.debug("resolved the target", target=host, address=chosen)
        self.check(scheme, host, chosen, port)
        return chosen

    def check(self, scheme: str, host: str, address: str, port: int) -> None:
        """Raise ProbeError when the guard refuses an address; call it before any sending."""
        if sentence := self.guard.refuses_address(scheme, host, address, port):
            raise ProbeError("denied", sentence)

    def check_name(self, scheme: str, host: str, port: int) -> None:
        """Raise ProbeError when the guard refuses what no address of will be judged."""
        if sentence := self.guard.refuses_host(scheme, host, port, is_final=True):
            raise ProbeError("denied", sentence)

    async def connect_by_name(
        self, probe: Probe, scheme: str, host: str, port: int, *, source: str = ""
    ) -> Stream:
        """Return a stream to the first address of a host that answers, as a browser would.

        For what is not the target itself: a redirect's host, a token server, a proxy (whom the
        configuration names and the guard does not judge). Nothing of it is reported but the
        phases.

        Raises:
            ProbeError: the name is unknown, the guard refuses it, or no address answers.
        """
        probe.trace.begin("resolve")
        if scheme != "proxy" and (sentence := self.guard.refuses_host(scheme, host, port)):
            raise ProbeError("denied", sentence)
        resolved = await self.resolver.resolve(host)
        probe.trace.end(probe.trace.phases[-1].start + resolved.seconds)
        for address in resolved.addresses[:-1]:
            try:
                return await self.connect(probe, scheme, host, address, port, source=source)
            except ProbeError as error:
                if error.reason == "denied":
                    raise
                probe.log.debug("trying the next address", problem=str(error))
        last = resolved.addresses[-1]
        return await self.connect(probe, scheme, host, last, port, source=source)

    async def connect(
        self, probe: Probe, scheme: str, host: str, address: str, port: int, *, source: str = ""
    ) -> Stream:
        """Return a stream to an IP address that the guard lets pass, as phase `connect`.

        Raises:
            ProbeError: it could not be connected.
        """
        if scheme != "proxy":
            self.check(scheme, host, address, port)
        where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        family, socket_address = _socket_address(address, port)
        return await self._connect(probe, family, socket_address, source, where)

    async def connect_unix(self, probe: Probe, path: str) -> Stream:
        """Return a stream to a unix socket, as phase `connect`.

        Raises:
            ProbeError: it could not be connected, or the guard refuses it.
        """
        self.check_name("unix", path, 0)
        return await self._connect(probe, socket.AF_UNIX, path, "", path)

    async def secure(
        self,
        probe: Probe,
        stream: Stream,
        config: TlsConfig,
        server_name: str,
        protocols: Sequence[str] = (),
        *,
        cipher: bool = False,
    ) -> None:
        """Begin TLS on a stream, as phase `tls`, and report its certificates.

        Args:
            probe: where it is reported.
            stream: connected, without TLS.
            config: whom to trust; its `server_name` is for the caller to heed.
            server_name: whom the certificate must be for.
            protocols: what is offered by ALPN.
            cipher: whether the cipher suite is reported as well.

        Raises:
            ProbeError: the configuration, the certificate or the handshake is bad.
        """
        from pillion_blackbox_exporter.network.tls import handshake  # noqa: PLC0415  # when used

        context = await self.contexts.get(config, protocols)
        await handshake(probe, stream, context, server_name, cipher=cipher)

    async def _connect(
        self, probe: Probe, family: int, address: SocketAddress, source: str, where: str
    ) -> Stream:
        probe.trace.begin("connect")
        clock = probe.trace.clock
        try:
            connected, moment = await connect(family, address, source, clock)
        except OSError as error:
            raise connection_error(error, f"connecting to {where}") from None
        probe.trace.end(moment)
        probe.log.debug("connected", address=where)
        return Stream(connected, clock)


def address_hash(address: str) -> int:
    """Return the 32-bit FNV-1a hash of an IP address' bytes."""
    is_six = ":" in address
    family = socket.AF_INET6 if is_six else socket.AF_INET
    digest = _FNV_OFFSET
    for byte in socket.inet_pton(family, address.partition("%")[0]):
        digest = (digest ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return digest


def _socket_address(address: str, port: int) -> tuple[int, SocketAddress]:
    if ":" not in address:
        return socket.AF_INET, (address, port)
    if "%" in address:
        found = socket.getaddrinfo(address, port, flags=socket.AI_NUMERICHOST)
        return socket.AF_INET6, found[0][4]
    return socket.AF_INET6, (address, port, 0, 0)
