"""Probing every address of a target: `addresses: any` and `addresses: all` of a module."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from pillion.net import ip_version
from pillion_blackbox_exporter.failure import PROBE_ERRORS, Failure, ProbeError
from pillion_blackbox_exporter.probing.address import split_host_port
from pillion_blackbox_exporter.probing.report import Gauge, Report
from pillion_blackbox_exporter.probing.trace import Trace
from pillion_blackbox_exporter.runner.run import attempt, conclude, load, run

if TYPE_CHECKING:
    from pillion_blackbox_exporter.probing.probe import Probe
    from pillion_blackbox_exporter.runner.run import Result

ADDRESS_SUCCESS = Gauge(
    "probe_address_success", "Whether the probe succeeded at each address of the target"
)
ADDRESS_LIMIT = 16
AT_A_TIME = 8

_DEFAULT_PORTS = {"dns": 53, "icmp": 0}


async def run_addresses(probe: Probe) -> Result:
    """Probe each address, at most 16, and report one of them and how each fared.

    What is reported is the first address that decides: of `all` the first that fails, of `any`
    the first that succeeds, else the first.
    """
    timeout = probe.timeout or probe.remaining
    host = target_host(probe.module.prober, probe.target)
    if not host or ip_version(host):
        return await run(probe)
    try:
        async with asyncio.timeout(probe.remaining):
            resolved = await probe.network.resolver.resolve(host)
    except (*PROBE_ERRORS, TimeoutError):
        return await run(probe)  # it fails again, and reports it as it should be
    addresses = _wanted(probe, resolved.addresses)
    if not addresses:
        return await run(probe)
    gate = asyncio.Semaphore(AT_A_TIME)
    prober = load(probe.module.prober)

    async def probe_one(address: str) -> Probe:
        async with gate:
            trace = Trace(probe.trace.clock)
            one = replace(
                probe, trace=trace, report=Report(), address=address, lookup_time=resolved.seconds
            )
            await attempt(one, prober)
            trace.finish()
        return one

    probes = await asyncio.gather(*(probe_one(address) for address in addresses))
    return _concluded(probe, probes, timeout)


def target_host(prober: str, target: str) -> str:
    """Return the host of a target as its prober reads it; nothing where there is none."""
    if "://" in target:
        target = target.partition("://")[2].partition("/")[0].rpartition("@")[2]
    elif prober in ("http", "websocket"):
        target = target.partition("/")[0].rpartition("@")[2]
    if prober == "unix":
        return ""
    try:
        return split_host_port(target, _DEFAULT_PORTS.get(prober, 80))[0]
    except ProbeError:
        return ""


def _wanted(probe: Probe, addresses: tuple[str, ...]) -> list[str]:
    section = getattr(probe.module, probe.module.prober)
    wanted = 4 if section.preferred_ip_protocol == "ip4" else 6
    if not section.ip_protocol_fallback:
        addresses = tuple(each for each in addresses if ip_version(each) == wanted)
    return sorted(addresses, key=lambda each: ip_version(each) != wanted)[:ADDRESS_LIMIT]


def _concluded(probe: Probe, probes: list[Probe], timeout: float) -> Result:
    must_all = probe.module.addresses == "all"
    decisive = next((one for one in probes if one.is_well() is not must_all), probes[0])
    if decisive.trace.failure is not None and must_all:
        failure = decisive.trace.failure
        sentence = f"at {decisive.address}: {failure.sentence}"
        decisive.trace.failure = Failure(failure.phase, failure.reason, sentence)
    for one in probes:
        decisive.report.label(
            ADDRESS_SUCCESS, (("address", one.address),), 1 if one.is_well() else 0
        )
    return conclude(decisive, timeout)
