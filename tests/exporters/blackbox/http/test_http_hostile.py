"""Servers that mean ill: bounded time, bounded memory, and the reason that fits."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
import time
import tracemalloc
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.exporters.blackbox.probed import Probed, probed
from tests.servers.certificates import Authority
from tests.servers.wire import Visit, response, serving

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

OK = b"HTTP/1.1 200 OK\r\n"


async def against(
    serve: Callable[[Visit], Awaitable[None]], module: str = "", timeout: float = 2.0
) -> Probed:
    text = "prober: http\n" + (f"http: {{{module}}}" if module else "")
    async with serving(serve) as port:
        return await probed(f"127.0.0.1:{port}", text, timeout=timeout)


async def test_endless_headers_are_cut_off() -> None:
    async def serve(visit: Visit) -> None:
        await visit.write(OK)
        while True:
            await visit.write(b"X-More: " + b"x" * 8000 + b"\r\n")

    result = await against(serve)
    assert (result.phase, result.reason) == ("processing", "too_large")
    assert result.sentence == "the headers are longer than 1048576 bytes"


async def test_one_endless_header_is_cut_off() -> None:
    async def serve(visit: Visit) -> None:
        await visit.write(OK + b"X-More: ")
        while True:
            await visit.write(b"x" * 65_536)

    assert (await against(serve)).reason == "too_large"


async def test_too_many_headers_are_cut_off() -> None:
    async def serve(visit: Visit) -> None:
        await visit.write(OK + b"A: b\r\n" * 20_000 + b"\r\n")

    result = await against(serve)
    assert result.sentence == "there are more than 10000 headers"


async def test_an_endless_body_ends_with_the_time_and_needs_little_memory() -> None:
    async def serve(visit: Visit) -> None:
        await visit.write(OK + b"\r\n")
        while True:
            await visit.write(b"x" * 65_536)

    tracemalloc.start()
    try:
        result = await against(serve, "fail_if_body_matches_regexp: [zzz]", timeout=0.5)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (result.phase, result.reason) == ("transfer", "timeout")
    assert result.value("probe_http_status_code") == 200
    assert result.value("probe_http_uncompressed_body_length") > 0
    assert peak < 40_000_000


async def test_an_endless_body_ends_with_the_limit() -> None:
    async def serve(visit: Visit) -> None:
        await visit.write(OK + b"\r\n")
        while True:
            await visit.write(b"x" * 65_536)

    result = await against(serve, "body_size_limit: 1MB")
    assert result.reason == "body_size"
    assert result.value("probe_http_uncompressed_body_length") == 1024 * 1024


async def test_a_bomb_of_10_gb_is_stopped_by_the_limit() -> None:
    bomb = gzip.compress(bytes(10_000_000)) * 1000  # members of 10 MB, one after the other

    async def serve(visit: Visit) -> None:
        await visit.write(OK + b"\r\n" + bomb)

    began = time.perf_counter()
    result = await against(serve, "compression: gzip, body_size_limit: 10MB", timeout=5)
    assert result.reason == "body_size"
    assert time.perf_counter() - began < 2


async def test_a_bomb_without_a_limit_ends_with_the_time_and_delays_nobody() -> None:
    bomb = gzip.compress(bytes(10_000_000)) * 1000

    async def serve(visit: Visit) -> None:
        await visit.write(OK + b"\r\n" + bomb)

    async def quick(visit: Visit) -> None:
        await visit.read_request()
        await visit.write(response(b"ok"))

    async with serving(quick) as port:
        slow = asyncio.create_task(against(serve, "compression: gzip", timeout=1.0))
        await asyncio.sleep(0.2)
        durations = []
        while not slow.done():
            result = await probed(f"127.0.0.1:{port}", "prober: http")
            durations.append(result.value("probe_duration_seconds"))
        assert (await slow).reason == "timeout"
    assert len(durations) > 5
    assert sorted(durations)[len(durations) // 2] < 0.05


@pytest.mark.parametrize("drip", [OK, OK + b"Content-Length: 1000\r\n\r\n" + b"x" * 100])
async def test_a_slow_drip_ends_with_the_time(drip: bytes) -> None:
    async def serve(visit: Visit) -> None:
        for at in range(len(drip)):
            await visit.write(drip[at : at + 1])
            await asyncio.sleep(0.01)
        await visit.wait_for_end()

    began = time.perf_counter()
    result = await against(serve, timeout=0.4)
    assert result.reason == "timeout"
    assert time.perf_counter() - began < 1
    assert result.value("probe_duration_seconds") == pytest.approx(0.4, abs=0.2)


def reset(visit: Visit) -> None:
    sock = visit._writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    visit._writer.transport.abort()


@pytest.mark.parametrize(
    ("before", "phase"),
    [
        (b"", "processing"),
        (b"HTTP/1.1 2", "processing"),
        (OK + b"A: b\r\n", "processing"),
        (OK + b"Content-Length: 10\r\n\r\nabc", "transfer"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", "transfer"),
    ],
)
async def test_a_reset_is_told_from_an_end_in_every_phase(before: bytes, phase: str) -> None:
    async def break_off(visit: Visit) -> None:
        await visit.read_request()
        if before:
            await visit.write(before)
            await asyncio.sleep(0.05)
        reset(visit)

    async def end(visit: Visit) -> None:
        await visit.read_request()
        await visit.write(before)

    broken, ended = await against(break_off), await against(end)
    assert (broken.phase, broken.reason) == (phase, "reset")
    assert (ended.phase, ended.reason) == (phase, "closed")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00\x01\x02\x03",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_no_http_is_said(answer: bytes) -> None:
    async def serve(visit: Visit) -> None:
        await visit.read_request()
        await visit.write(answer)

    result = await against(serve)
    assert result.reason == "protocol", result.sentence


async def test_a_server_that_never_answers_ends_with_the_time() -> None:
    async def serve(visit: Visit) -> None:
        await visit.wait_for_end()

    result = await against(serve, timeout=0.3)
    assert (result.phase, result.reason) == ("processing", "timeout")
    assert result.sentence.endswith("in the phase processing")
    assert result.value("probe_http_duration_seconds", phase="processing") > 0.2


async def test_what_nobody_listens_on_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    result = await probed(f"127.0.0.1:{port}", "prober: http")
    assert (result.phase, result.reason) == ("connect", "refused")
    assert result.sentence == f"connecting to 127.0.0.1:{port}: connection refused"


async def test_a_name_that_is_not_there() -> None:
    result = await probed("http://nowhere.invalid/", "prober: http")
    assert (result.phase, result.reason) == ("resolve", "dns_nxdomain")
    assert result.value("probe_ip_protocol") == 0


async def test_an_address_of_the_wrong_protocol() -> None:
    text = "prober: http\nhttp: {preferred_ip_protocol: ip6, ip_protocol_fallback: false}"
    result = await probed("http://127.0.0.1/", text)
    assert (result.reason, result.sentence) == ("dns_no_address", "127.0.0.1 has no IPv6 address")


async def test_a_certificate_with_a_thousand_names_is_reported_within_bounds(
    tmp_path: Path,
) -> None:
    names = [f"a-rather-long-name-of-a-host-{n}.example" for n in range(1000)]
    pair = Authority(tmp_path).issue(*names, until=datetime(2050, 1, 1, tzinfo=UTC), file="many")
    result = await _probed_with(pair.certificate, pair.key)
    assert result.success, result.sentence
    (labels,) = [
        dict(found) for name, found in result.scrape.series if name == "probe_ssl_last_chain_info"
    ]
    assert len(labels["subjectalternative"]) < 17_000
    assert labels["subjectalternative"].endswith("more")


async def test_a_certificate_with_ten_thousand_names_ends_the_handshake(tmp_path: Path) -> None:
    names = [f"a-rather-long-name-of-a-host-{n}.example" for n in range(10_000)]
    pair = Authority(tmp_path).issue(*names, file="many")
    began = time.perf_counter()
    result = await _probed_with(pair.certificate, pair.key)
    assert (result.phase, result.reason) == ("tls", "tls_handshake")
    assert time.perf_counter() - began < 2


async def _probed_with(certificate: str, key: str) -> Probed:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response(b"ok"))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        text = "prober: http\nhttp: {tls_config: {insecure_skip_verify: true}}"
        return await probed(f"https://127.0.0.1:{port}/", text)
