"""The DNS prober against name servers that answer wrongly, late or far too much."""

from __future__ import annotations

import asyncio
import struct
import time
from typing import TYPE_CHECKING

import dns.rcode
import pytest

from tests.exporters.blackbox.probed import Probed, probed
from tests.servers.dns import name_server, reply, zone
from tests.servers.wire import Visit, serving

if TYPE_CHECKING:
    from tests.servers.dns import Answer

UDP = "prober: dns\ndns: {query_name: example.com, query_type: A}"
TCP = "prober: dns\ndns: {query_name: example.com, query_type: A, transport_protocol: tcp}"


async def asked(answer: Answer, text: str = UDP, timeout: float = 1.0) -> Probed:
    async with name_server(answer) as target:
        return await probed(target, text, timeout=timeout)


def with_records(query: bytes, records: bytes, count: int = 1) -> bytes:
    return query[:2] + struct.pack("!5H", 0x8180, 1, count, 0, 0) + query[12:] + records


def a_record(name: bytes) -> bytes:
    return name + struct.pack("!HHIH", 1, 1, 60, 4) + b"\x7f\0\0\1"


async def test_an_answer_to_another_query_is_let_pass_over_udp() -> None:
    def answer(query: bytes) -> list[bytes]:
        good = zone(query)[0]
        return [bytes((good[0] ^ 1,)) + good[1:], good]

    found = await asked(answer)
    assert found.success
    assert "answers another query" in found.log


async def test_an_answer_to_another_query_fails_over_tcp() -> None:
    found = await asked(lambda query: [b"\0\0" + zone(query)[0][2:]], TCP)
    assert found.reason == "protocol"
    assert found.sentence == "the answer has another id than the query"


async def test_an_answer_that_repeats_another_question_is_taken_and_the_log_says_so() -> None:
    def answer(query: bytes) -> list[bytes]:
        return [zone(query)[0].replace(b"\7example", b"\7examplf", 1)]

    found = await asked(answer)
    assert found.success, found.sentence
    assert "the answer repeats another question than the one that was asked" in found.log


async def test_a_question_may_come_back_in_other_letters() -> None:
    found = await asked(lambda query: [zone(query)[0].replace(b"\7example", b"\7eXAMPLE")])
    assert found.success


async def test_an_echo_of_the_query_is_no_answer() -> None:
    found = await asked(lambda query: [query], timeout=0.3)
    assert found.reason == "timeout"


async def test_an_answer_from_another_port_never_arrives() -> None:
    loop = asyncio.get_running_loop()
    other, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )

    class Elsewhere(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            other.sendto(zone(data)[0], addr)

    server, _ = await loop.create_datagram_endpoint(Elsewhere, local_addr=("127.0.0.1", 0))
    port = server.get_extra_info("sockname")[1]
    found = await probed(f"127.0.0.1:{port}", UDP, timeout=0.3)
    server.close()
    other.close()
    assert found.reason == "timeout"


async def test_more_than_512_bytes_over_udp_fail() -> None:
    def answer(query: bytes) -> list[bytes]:
        return [with_records(query, a_record(b"\xc0\x0c") * 40, 40)]

    found = await asked(answer)
    assert found.sentence == "the answer is longer than 512 bytes over UDP"


async def test_a_message_of_64_kib_is_read_over_tcp_in_little_time() -> None:
    def answer(query: bytes) -> list[bytes]:
        return [with_records(query, a_record(b"\xc0\x0c") * 4000, 4000)]

    found = await asked(answer, TCP, 5)
    assert found.success, found.sentence
    assert found.value("probe_dns_answer_rrs") == 4000


@pytest.mark.parametrize(
    ("records", "sentence"),
    [
        (a_record(b"\xc0\x1d"), "the answer has a record with a wrong name"),  # points at itself
        (a_record(b"\xc3\xff"), "the answer has a record with a wrong name"),  # behind the end
        (a_record(b"\x80\0"), "the answer has a label of an unknown kind"),
        (a_record(b"\xc0\x0c")[:-2], "the answer ends within the data of a record"),
        (a_record(b"\xc0\x0c")[:7], "the answer ends within a record"),
        (b"\x3fabc", "the answer ends within a name"),
        (b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 3) + b"abc", "the answer has wrong data in a record of the type A"),
    ],
)  # fmt: skip
async def test_a_broken_record_is_named(records: bytes, sentence: str) -> None:
    found = await asked(lambda query: [with_records(query, records)])
    assert (found.reason, found.sentence) == ("protocol", sentence)
    assert found.value("probe_dns_query_succeeded") == 0


async def test_a_chain_of_pointers_costs_no_time() -> None:
    """Each record of 64 KiB points into a chain of 8,000 pointers."""

    def answer(query: bytes) -> list[bytes]:
        start = 12 + len(query[12:])
        owner = start + 12
        chain = b"".join(
            struct.pack("!H", 0xC000 | (owner + 2 * max(0, index - 1))) for index in range(7000)
        )
        first = b"\0" + struct.pack("!HHIH", 65400, 1, 60, len(chain)) + chain
        last = 0xC000 | (owner + 2 * 6999)
        records = first + a_record(struct.pack("!H", last)) * 3000
        return [with_records(query, records, 3001)]

    started = time.process_time()
    found = await asked(answer, TCP, 5)
    assert found.sentence == "the answer has a record with a wrong name"
    assert time.process_time() - started < 1


async def test_the_event_loop_keeps_its_turns_while_thousands_of_records_are_read() -> None:
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - before)

    def answer(query: bytes) -> list[bytes]:
        return [with_records(query, a_record(b"\xc0\x0c") * 4000, 4000)]

    watcher = asyncio.create_task(watch())
    found = await asked(answer, TCP, 5)
    watcher.cancel()
    assert found.success
    assert longest < 0.25


async def test_a_cut_answer_counts_what_is_there() -> None:
    def answer(query: bytes) -> list[bytes]:
        wire = bytearray(with_records(query, a_record(b"\xc0\x0c") * 2, 30))
        wire[2] |= 0x02  # TC
        return [bytes(wire)]

    found = await asked(answer)
    assert found.success
    assert found.value("probe_dns_answer_rrs") == 2
    assert "for want of room" in found.log


async def test_an_extended_response_code_is_read() -> None:
    def answer(query: bytes) -> list[bytes]:
        message = reply(query)
        message.use_edns(0, 0, 1232)
        message.set_rcode(dns.rcode.BADVERS)
        return [message.to_wire()]

    found = await asked(answer)
    assert found.sentence == "the response code is BADVERS, which is not among NOERROR"
    assert found.value("probe_dns_additional_rrs") == 4


@pytest.mark.parametrize("junk", [b"", b"\0", b"\xff" * 11, b"\xff" * 100])
async def test_junk_is_let_pass_or_named(junk: bytes) -> None:
    found = await asked(lambda query: [query[:2] + junk, zone(query)[0]], timeout=1)
    assert found.success or found.reason == "protocol"


async def test_a_flood_of_foreign_answers_ends_with_the_time() -> None:
    def answer(query: bytes) -> list[bytes]:
        good = zone(query)[0]
        return [bytes((good[0] ^ 1,)) + good[1:]] * 5000

    started = time.perf_counter()
    found = await asked(answer, timeout=0.4)
    assert found.reason == "timeout"
    assert time.perf_counter() - started < 3
    assert found.log.count("\n") <= 500


async def reset_at_once(visit: Visit) -> None:
    visit._writer.transport.abort()


async def end_without_answer(visit: Visit) -> None:
    await visit._reader.readexactly(2)
    await visit.close()


async def end_within_the_answer(visit: Visit) -> None:
    await visit.write(b"\x01\x00abc")
    await visit.close()


async def drip(visit: Visit) -> None:
    await visit.write(b"\xff\xff")
    while True:
        await visit.write(b"\0")
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("serve", "reasons"),
    [
        (reset_at_once, {"reset", "closed"}),
        (end_without_answer, {"closed", "reset"}),
        (end_within_the_answer, {"closed", "reset"}),
        (drip, {"timeout"}),
    ],
)
async def test_a_connection_that_breaks_is_named(serve: object, reasons: set[str]) -> None:
    async with serving(serve) as port:  # type: ignore[arg-type]  # each is a Serve
        started = time.perf_counter()
        found = await probed(f"127.0.0.1:{port}", TCP, timeout=0.5)
    assert found.reason in reasons
    assert found.phase in ("connect", "request")
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("target", ["", "a:b:c:1x", "[::1", "host:99999"])
async def test_a_target_that_is_none_is_named(target: str) -> None:
    found = await probed(target, UDP, timeout=1)
    assert found.reason in ("target", "dns_nxdomain", "dns_failure")
    assert found.value("probe_dns_query_succeeded") == 0
