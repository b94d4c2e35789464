"""DNS, ICMP and gRPC as blackbox_exporter 0.23 (Debian's) and as we probe them, series by series.

Times are not compared; what else differs stands here with its reason.
"""

from __future__ import annotations

import os
import textwrap
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from pillion.testing import Scrape
from tests.exporters.blackbox.probed import probed
from tests.servers.blackbox_exporter import blackbox_exporter, is_here
from tests.servers.certificates import Authority
from tests.servers.dns import RECORDS, name_server, reply, sets, zone
from tests.servers.grpc_health import health_server

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not is_here(), reason="the peer is not installed")

OURS_ALONE = {
    "probe_timeout_seconds",  # newer than 0.28
    "probe_failure_info",  # why it failed; the peer has nothing like it
}
TIMES = {"probe_duration_seconds", "probe_dns_lookup_time_seconds"}
TLS = {
    "probe_ssl_earliest_cert_expiry",
    "probe_ssl_last_chain_info",
    "probe_ssl_last_chain_expiry_timestamp_seconds",
    "probe_tls_version_info",
}

DNS_MODULES = {
    "a": "query_type: A",
    "any": "",
    "soa": "query_type: SOA",
    "mx": "query_type: MX",
    "chaos": "{query_class: CH, query_type: TXT}",
    "no_recursion": "{query_type: A, recursion_desired: false}",
    "rcode": "{query_type: A, valid_rcodes: [NXDOMAIN]}",
    **{
        f"{rule}_{index}": f'{{query_type: {kind}, validate_{section}_rrs: {{{rule}: ["{pattern}"]}}}}'
        for rule in (
            "fail_if_matches_regexp",
            "fail_if_all_match_regexp",
            "fail_if_not_matches_regexp",
            "fail_if_none_matches_regexp",
        )
        for index, (kind, section, pattern) in enumerate(
            [
                ("A", "answer", r"^example.com.\\t3600\\tIN\\tA\\t127.0.0.1$"),
                ("A", "answer", r"^example.com.\\t3600\\tIN\\tA\\t127.0.0.[12]$"),
                ("LOC", "answer", "."),
                ("A", "authority", r"\\tNS\\tns1.isp.net.$"),
                ("A", "additional", "isp.net"),
                ("TXT", "answer", r'TXT\\t\"v=spf1 -all\" \"a'),
                ("DS", "answer", "2BB183AF5F22588179A53B0A98631FAD1A292118"),
                ("DNSKEY", "answer", r"257 3 8 AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3$"),
                ("CAA", "answer", r'\\tCAA\\t0 issue \"letsencrypt.org\"$'),
                ("SSHFP", "answer", "123456789ABCDEF67890"),
                ("TLSA", "answer", "TLSA\\\\t3 1 1 abab"),
                ("NAPTR", "answer", r'100 50 \"s\" \"z3950.I2L.I2C\" \"\" _z3950._tcp.example.com.$'),
                ("SRV", "answer", r"1 2 443 host.example.com.$"),
                ("HTTPS", "answer", r'1 . alpn=\"h2,h3\" ipv4hint=\"192.0.2.1\"$'),
            ]
        )
    },
}  # fmt: skip


def dns_text(keys: str) -> str:
    inner = keys[1:-1] if keys.startswith("{") else keys
    given = f", {inner}" if inner else ""
    return f"prober: dns\ndns: {{query_name: example.com, transport_protocol: PROTOCOL{given}}}"


def long(query: bytes) -> bytes:
    """Return an answer of 40 records, which is more than fits into 512 bytes."""
    answer = reply(query)
    answer.answer = sets({"example.com.": RECORDS["A"] * 20})
    return answer.to_wire(max_size=65535)


def configuration(modules: dict[str, str]) -> str:
    entries = [f"  {name}:\n{textwrap.indent(text, '    ')}\n" for name, text in modules.items()]
    return "modules:\n" + "".join(entries)


def compared(scrape: Scrape) -> dict[tuple[str, frozenset[tuple[str, str]]], float | None]:
    """Return the series with their values, the times without."""
    return {
        (name, labels): None if name in TIMES or "duration" in name else value
        for (name, labels), value in scrape.series.items()
        if name not in OURS_ALONE
    }


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_dns_is_the_same(tmp_path: Path, transport: str) -> None:
    modules = {
        name: dns_text(keys).replace("PROTOCOL", transport) for name, keys in DNS_MODULES.items()
    }
    async with AsyncExitStack() as stack:
        target = await stack.enter_async_context(name_server())
        peer = await stack.enter_async_context(blackbox_exporter(tmp_path, configuration(modules)))
        wrong = {}
        for name, text in modules.items():
            ours, theirs = (await probed(target, text)).scrape, await peer.probe(target, name)
            if compared(ours) != compared(theirs):
                wrong[name] = set(compared(ours).items()) ^ set(compared(theirs).items())
            assert {k: v for k, v in ours.types.items() if k not in OURS_ALONE} == theirs.types
    assert wrong == {}


@pytest.mark.parametrize("target", ["127.0.0.1:1", "no.such.name.invalid", "[::1]:1"])
async def test_dns_that_fails_is_the_same(tmp_path: Path, target: str) -> None:
    text = dns_text("").replace("PROTOCOL", "udp")
    async with blackbox_exporter(tmp_path, configuration({"m": text})) as peer:
        theirs = await peer.probe(target, "m")
    assert compared((await probed(target, text)).scrape) == compared(theirs)


@pytest.mark.parametrize(
    ("name", "bent"),
    [
        ("longer than 512 bytes", lambda query: [long(query)]),
        ("within a record", lambda query: [zone(query)[0][:-3]]),
        ("another id first", lambda query: [b"\0\0" + zone(query)[0][2:], *zone(query)]),
        ("cut at a record", lambda query: [reply(query).to_wire()[:29]]),
    ],
)
async def test_a_wrong_answer_is_judged_the_same(tmp_path: Path, name: str, bent: object) -> None:
    text = dns_text("query_type: A").replace("PROTOCOL", "udp") + "\ntimeout: 2s"
    async with AsyncExitStack() as stack:
        target = await stack.enter_async_context(name_server(bent))  # type: ignore[arg-type]  # each is an Answer
        peer = await stack.enter_async_context(
            blackbox_exporter(tmp_path, configuration({"m": text}))
        )
        theirs = await peer.probe(target, "m")
        ours = await probed(target, text, timeout=2)
    assert compared(ours.scrape) == compared(theirs), name


@pytest.mark.skipif(os.geteuid() != 0, reason="ICMP needs a privilege here")
@pytest.mark.parametrize("target", ["127.0.0.1", "::1", "localhost", "no.such.name.invalid"])
async def test_icmp_is_the_same(tmp_path: Path, target: str) -> None:
    modules = {
        "plain": "prober: icmp",
        "ip4": "prober: icmp\nicmp: {preferred_ip_protocol: ip4, payload_size: 1200}",
        "only_six": "prober: icmp\nicmp: {ip_protocol_fallback: false}",
    }
    async with blackbox_exporter(tmp_path, configuration(modules)) as peer:
        for name, text in modules.items():
            theirs = await peer.probe(target, name)
            assert compared((await probed(target, text)).scrape) == compared(theirs), name


def grpc_differences(theirs: Scrape, *, is_tls: bool) -> Scrape:
    """Return what the peer says with what we say otherwise."""
    series = dict(theirs.series)
    if not is_tls:
        # 0.23 reports zeros where there is no TLS; later versions, and we, report nothing.
        series = {key: value for key, value in series.items() if key[0] not in TLS}
    return Scrape(theirs.types, series)


@pytest.mark.parametrize("service", ["", "orders", "invoices", "stock", "mail", "nothing"])
async def test_grpc_is_the_same(tmp_path: Path, service: str) -> None:
    text = f"prober: grpc\ngrpc: {{service: {service!r}, preferred_ip_protocol: ip4}}"
    async with AsyncExitStack() as stack:
        target, _ = await stack.enter_async_context(health_server())
        peer = await stack.enter_async_context(
            blackbox_exporter(tmp_path, configuration({"m": text}))
        )
        ours = await probed(target, text)
        theirs = grpc_differences(await peer.probe(target, "m"), is_tls=False)
    assert compared(ours.scrape) == compared(theirs)


async def test_grpc_over_tls_is_the_same(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    text = f"prober: grpc\ngrpc: {{tls: true, tls_config: {{ca_file: {authority.path}}}}}"
    async with AsyncExitStack() as stack:
        pair = authority.issue("127.0.0.1")
        target, _ = await stack.enter_async_context(health_server(pair=pair))
        peer = await stack.enter_async_context(
            blackbox_exporter(tmp_path, configuration({"m": text}))
        )
        ours = (await probed(target, text)).scrape
        theirs = await peer.probe(target, "m")
    # Of later versions: the chain's expiry, and the serial number among the leaf's labels.
    ours.series.pop(("probe_ssl_last_chain_expiry_timestamp_seconds", frozenset()), None)
    (leaf,) = ours.labels("probe_ssl_last_chain_info")
    (their_leaf,) = theirs.labels("probe_ssl_last_chain_info")
    assert {key: value for key, value in leaf.items() if key != "serialnumber"} == their_leaf
    name = "probe_ssl_last_chain_info"
    rest = [{k: v for k, v in compared(each).items() if k[0] != name} for each in (ours, theirs)]
    assert rest[0] == rest[1]
