"""Who must not get in: every spelling of loopback against every prober, with a server behind."""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
from typing import TYPE_CHECKING

import pytest

from pillion_blackbox_exporter.network.rules import Rules, parse_rule
from tests.exporters.blackbox.probed import probed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

V4 = ("127.0.0.1", "127.1.2.3", "0.0.0.0")
FULLWIDTH = str.maketrans("0123456789.", "０１２３４５６７８９．")
MATHEMATICAL = str.maketrans("0123456789", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")
CIRCLED = str.maketrans("123456789", "①②③④⑤⑥⑦⑧⑨")


def numbers(part: int) -> list[str]:
    return [str(part), hex(part), f"0{part:o}", f"0X{part:04X}", f"000{part:o}"]


def spellings_of_v4(address: str) -> Iterator[str]:
    value = int(ipaddress.IPv4Address(address))
    a, b, c, d = value.to_bytes(4, "big")
    yield from numbers(value)
    yield from map(".".join, itertools.product(numbers(a), numbers(value & 0xFFFFFF)))
    yield from map(
        ".".join, itertools.product(numbers(a)[:2], numbers(b)[:3], numbers(value & 0xFFFF)[:3])
    )
    yield from map(".".join, zip(numbers(a), numbers(b), numbers(c), numbers(d), strict=True))
    yield f"{hex(a)}.{b}.0{c:o}.{d}"
    for table in (FULLWIDTH, MATHEMATICAL, CIRCLED):
        yield address.translate(table)
    yield address.replace(".", "。")
    yield address.replace(".", "｡")
    yield address.replace(".", ".\u00ad")
    yield f"{address}."


def spellings_of_v6(address: str) -> Iterator[str]:
    high, low = address.split(".")[:2], address.split(".")[2:]
    groups = [f"{int(x):02x}{int(y):02x}" for x, y in (high, low)]
    hexadecimal = ":".join(groups)
    yield f"::ffff:{address}"
    yield f"::FFFF:{hexadecimal}"
    yield f"0:0:0:0:0:ffff:{hexadecimal}"
    yield f"0000:0000:0000:0000:0000:ffff:{address}"
    yield f"::ffff:0:{address}"
    yield f"::ffff:0:{hexadecimal}"
    yield f"::{address}"
    yield f"64:ff9b::{address}"
    yield f"64:ff9b::{hexadecimal}"
    yield f"64:ff9b:1::{address}"
    yield f"64:ff9b:1:abcd::{address}"
    yield f"64:ff9b:1:{groups[0]}:{int(low[0]):x}:{int(low[1]):02x}00::"
    yield f"64:ff9b:1:ff{groups[0][:2]}:{int(groups[0][2:] + groups[1][:2], 16):04x}:{groups[1][2:]}00::"
    yield f"64:ff9b:1:7:{int(groups[0][:2], 16):x}:{groups[0][2:]}{groups[1][:2]}:{groups[1][2:]}00:0"
    yield f"2002:{hexadecimal}::1"
    yield f"fe80::5efe:{address}%lo"
    yield f"fe80::200:5efe:{hexadecimal}"
    client = ":".join(f"{int(group, 16) ^ 0xFFFF:04x}" for group in groups)
    yield f"2001:0:4136:e378:8000:63bf:{client}"


SPELLINGS = sorted(
    {
        *itertools.chain.from_iterable(map(spellings_of_v4, V4)),
        *itertools.chain.from_iterable(map(spellings_of_v6, V4)),
        *(
            "0",
            "00",
            "0x0",
            "0.0",
            "0.0.0",
            "0x0.0x0",
            "::",
            "0::0",
            "0:0:0:0:0:0:0:0",
            "::0.0.0.0",
        ),
        *("::1", "0::1", "::0001", "::1%lo", "::%lo", "0:0:0:0:0:0:0:1", "::0.0.0.1"),
        *("localhost", "LOCALHOST", "localhost.", "ｌocalhost", "local\u00adhost", "ⓛocalhost"),
        *("localhoſt", "ℓocalhost", "𝐥𝐨𝐜𝐚𝐥𝐡𝐨𝐬𝐭", "localhost。", "local\u200bhost", "ip6-localhost"),
        *(
            "local\u2060host",
            "ＬＯＣＡＬＨＯＳＴ",
            "Localhost．",
            "local\ufe0fhost",
            "localhost\0.example",
        ),
    }
)
PROBERS = ("tcp", "http", "grpc", "websocket", "dns", "dns_tcp", "icmp")


def module(prober: str) -> str:
    if prober.startswith("dns"):
        transport = "tcp" if prober == "dns_tcp" else "udp"
        return f"prober: dns\ndns: {{query_name: a., transport_protocol: {transport}}}"
    return f"prober: {prober}"


def target(prober: str, host: str, port: int) -> str:
    if prober == "icmp":
        return host
    literal = f"[{host}]" if ":" in host else host
    if prober == "websocket":
        return f"ws://{literal}:{port}/"
    return f"{literal}:{port}"


class Trap:
    """Servers on loopback that count who comes."""

    def __init__(self) -> None:
        self.came: list[object] = []
        self.port = 0

    async def serve(self) -> list[asyncio.Server]:
        def on_connection(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.came.append(writer.get_extra_info("peername"))
            writer.close()

        first = await asyncio.start_server(on_connection, "127.0.0.1", 0)
        self.port = first.sockets[0].getsockname()[1]
        return [first, await asyncio.start_server(on_connection, "::1", self.port)]


@pytest.fixture
async def trap() -> AsyncIterator[Trap]:
    made = Trap()
    servers = await made.serve()
    yield made
    for server in servers:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("prober", PROBERS)
async def test_no_spelling_of_loopback_gets_in(prober: str, trap: Trap) -> None:
    rules = Rules([], [parse_rule("127.0.0.0/8"), parse_rule("::1")])
    gate = asyncio.Semaphore(32)

    async def outcome(host: str) -> tuple[str, str]:
        async with gate:
            where = target(prober, host, trap.port)
            result = await probed(where, module(prober), guard=rules, timeout=10)
        return host, "in" if result.success else result.reason

    outcomes = dict(await asyncio.gather(*map(outcome, SPELLINGS)))
    assert len(outcomes) > 240
    allowed = {"denied", "target", "dns_nxdomain", "dns_failure", "unreachable"}
    assert {host: each for host, each in outcomes.items() if each not in allowed} == {}
    assert trap.came == []
    assert sum(each == "denied" for each in outcomes.values()) > 150


@pytest.mark.parametrize("prober", [each for each in PROBERS if each != "icmp"])
@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost.",
        "ｌocalhost",
        "local\u00adhost",
        "ⓛocalhost",
        "localhoſt",
        "𝐥ocalhost",
    ],
)
async def test_a_name_is_judged_in_the_form_that_is_resolved(
    prober: str, host: str, trap: Trap
) -> None:
    rules = Rules([], [parse_rule("localhost")])
    result = await probed(target(prober, host, trap.port), module(prober), guard=rules, timeout=3)
    assert result.reason == "denied"
    assert trap.came == []


async def test_an_address_within_another_allows_nothing(trap: Trap) -> None:
    """An allow rule is about the address that is connected to, not about one that it carries."""
    rules = Rules([parse_rule("10.0.0.0/8")], [])
    for host in ("2002:a00:1::1", "64:ff9b::a00:1", "2001:0:a00:1:8000:63bf:80ff:fffe", "::a00:1"):
        assert rules.refuses_address("tcp", host, host, 80) is not None
    assert rules.refuses_address("tcp", "a", "::ffff:10.0.0.1", 80) is None
