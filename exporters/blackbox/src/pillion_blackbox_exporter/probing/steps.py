"""Resolving, connecting and TLS as phases of a probe, reported as they become known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.net import Resolved
from pillion_blackbox_exporter.failure import PROBE_ERRORS
from pillion_blackbox_exporter.network.choice import choose
from pillion_blackbox_exporter.probing.metrics import (
    LOOKUP_TIME,
    report_address,
    report_handshake,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from pillion.net import Stream
    from pillion_blackbox_exporter.configuration.client import TlsConfig
    from pillion_blackbox_exporter.network.network import Connected
    from pillion_blackbox_exporter.probing.probe import Probe


async def resolve(
    probe: Probe, scheme: str, host: str, port: int, preferred: str, *, fallback: bool
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
    network, trace = probe.network, probe.trace
    trace.begin("resolve")
    started = trace.phases[-1].start
    network.check_host(scheme, host, port)
    try:
        if probe.address:
            resolved = Resolved((probe.address,), probe.lookup_time)
        else:
            resolved = await network.resolver.resolve(host)
    except BaseException:
        probe.report.set(LOOKUP_TIME, trace.clock() - started)
        raise
    probe.report.set(LOOKUP_TIME, resolved.seconds)
    trace.end(started + resolved.seconds)
    chosen = choose(host, resolved.addresses, preferred, fallback=fallback or bool(probe.address))
    report_address(probe, chosen)
    probe.log.debug("resolved the target", target=host, address=chosen)
    network.check_address(scheme, host, chosen, port)
    return chosen


async def connect(
    probe: Probe, scheme: str, host: str, address: str, port: int, *, source: str = ""
) -> Stream:
    """Return a stream to an IP address that the guard lets pass, as phase `connect`.

    Raises:
        ProbeError: it could not be connected.
    """
    return await _connected(
        probe, probe.network.connect(scheme, host, address, port, source=source)
    )


async def connect_unix(probe: Probe, path: str) -> Stream:
    """Return a stream to a unix socket, as phase `connect`.

    Raises:
        ProbeError: it could not be connected, or the guard refuses it.
    """
    return await _connected(probe, probe.network.connect_unix(path))


async def connect_by_name(
    probe: Probe, scheme: str, host: str, port: int, *, source: str = ""
) -> Stream:
    """Return a stream to the first address of a host that answers, as a browser would.

    For what is not the target itself: a redirect's host, a token server, a proxy (whom the
    configuration names and the guard does not judge). Nothing of it is reported but the
    phases.

    Raises:
        ProbeError: the name is unknown, the guard refuses it, or no address answers.
    """
    probe.trace.begin("resolve")
    resolved = await probe.network.resolve(scheme, host, port)
    probe.trace.end(probe.trace.phases[-1].start + resolved.seconds)
    for address in resolved.addresses[:-1]:
        try:
            return await connect(probe, scheme, host, address, port, source=source)
        except PROBE_ERRORS as error:
            if error.reason == "denied":
                raise
            probe.log.debug("trying the next address", problem=str(error))
    return await connect(probe, scheme, host, resolved.addresses[-1], port, source=source)


async def secure(
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

    context = await probe.network.contexts.get(config, protocols)
    probe.trace.begin("tls")
    came = await handshake(stream, context, server_name)
    probe.trace.end(came.ended)
    report_handshake(probe, came, cipher=cipher)
    if came.failure is not None:
        raise came.failure


async def _connected(probe: Probe, connecting: Awaitable[Connected]) -> Stream:
    probe.trace.begin("connect")
    connected = await connecting
    probe.trace.end(connected.ended)
    probe.log.debug("connected", address=connected.address)
    return connected.stream
