"""Every address of a target: `addresses: first | any | all`."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

import pytest

from pillion.log import Logger
from pillion.metrics.exposition import text
from pillion.net import Resolved, Resolver
from pillion.testing import Scrape
from pillion_blackbox_exporter.network import Network
from pillion_blackbox_exporter.probing.log import ProbeLog
from pillion_blackbox_exporter.probing.probe import Probe
from pillion_blackbox_exporter.probing.report import Report
from pillion_blackbox_exporter.probing.trace import Trace
from pillion_blackbox_exporter.runner.addresses import (
    ADDRESS_LIMIT,
    run_addresses,
    target_host,
)
from tests.exporters.blackbox.probed import module_of
from tests.servers.wire import Visit, response, serving

if TYPE_CHECKING:
    from pillion_blackbox_exporter.runner.run import Result


class Names(Resolver):
    """Knows the addresses of every name."""

    def __init__(self, *addresses: str) -> None:
        super().__init__()
        self.addresses = addresses

    async def resolve(self, host: str) -> Resolved:
        return Resolved(self.addresses, 0.25)


async def everywhere(module: str, target: str, *addresses: str) -> tuple[Result, Scrape]:
    probe = Probe(
        target,
        module_of(module),
        Trace(),
        Report(),
        ProbeLog(Logger(stream=io.StringIO())),
        Network(resolver=Names(*addresses)),
        time.perf_counter() + 5,
    )
    result = await run_addresses(probe)
    return result, Scrape.parse(text(result.report.collect()))


async def serve(visit: Visit) -> None:
    await visit.read_request()
    await visit.write(response(b"ok"))


@pytest.mark.parametrize(("addresses", "success"), [("all", False), ("any", True)])
async def test_each_address_is_probed_and_reported(*, addresses: str, success: bool) -> None:
    async with serving(serve) as port:
        text = f"prober: http\naddresses: {addresses}"
        # The server listens on 127.0.0.1 alone.
        result, seen = await everywhere(text, f"a.example:{port}", "127.0.0.9", "127.0.0.1")
    assert result.success is success
    assert seen.value("probe_success") == success
    assert seen.value("probe_address_success", address="127.0.0.1") == 1
    assert seen.value("probe_address_success", address="127.0.0.9") == 0
    assert seen.value("probe_dns_lookup_time_seconds") == 0.25
    if success:
        assert seen.value("probe_http_status_code") == 200
    else:
        assert result.trace.failure is not None
        assert result.trace.failure.reason == "refused"
        assert result.trace.failure.sentence.startswith("at 127.0.0.9: connecting to")


async def test_the_host_stays_the_targets_name() -> None:
    seen: list[str] = []

    async def note(visit: Visit) -> None:
        seen.append(await visit.read_request())
        await visit.write(response(b"ok"))

    async with serving(note) as port:
        await everywhere("prober: http\naddresses: all", f"a.example:{port}", "127.0.0.1")
    assert f"\r\nHost: a.example:{port}\r\n" in seen[0]


async def test_the_number_of_addresses_is_bounded() -> None:
    addresses = [f"127.0.1.{n}" for n in range(100)]
    _, seen = await everywhere("prober: tcp\naddresses: any", "a.example:1", *addresses)
    assert len(seen.labels("probe_address_success")) == ADDRESS_LIMIT


async def test_only_the_wanted_protocol_is_probed_where_there_is_no_fallback() -> None:
    text = (
        "prober: tcp\naddresses: any\n"
        "tcp: {preferred_ip_protocol: ip4, ip_protocol_fallback: false}"
    )
    _, seen = await everywhere(text, "a.example:1", "::1", "127.0.0.1")
    assert [each["address"] for each in seen.labels("probe_address_success")] == ["127.0.0.1"]


async def test_an_address_is_probed_as_ever() -> None:
    result, seen = await everywhere("prober: tcp\naddresses: all", "127.0.0.1:1")
    assert not result.success
    assert seen.labels("probe_address_success") == []


@pytest.mark.parametrize(
    ("prober", "target", "host"),
    [
        ("http", "http://user:pw@a.example:80/x", "a.example"),
        ("http", "a.example/x", "a.example"),
        ("http", "https://[::1]/x", "::1"),
        ("websocket", "wss://a.example/ws", "a.example"),
        ("tcp", "a.example:22", "a.example"),
        ("dns", "a.example", "a.example"),
        ("icmp", "a.example", "a.example"),
        ("unix", "/run/a.sock", ""),
        ("http", "http://a:port/", ""),
    ],
)
def test_the_host_of_a_target(prober: str, target: str, host: str) -> None:
    assert target_host(prober, target) == host
