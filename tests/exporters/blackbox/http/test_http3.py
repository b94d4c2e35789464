"""HTTP/3 probes of a real server, with certificates that are good and bad."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.exporters.blackbox.probed import Probed, probed
from tests.servers.certificates import Authority, Pair
from tests.servers.http3 import Asked, serving_http3

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAST = datetime(2020, 1, 2, tzinfo=UTC)
FUTURE = datetime(2050, 1, 2, tzinfo=UTC)


def hello(asked: Asked) -> None:
    asked.answer(b"hello", content_length="5", last_modified="Mon, 02 Jan 2006 15:04:05 GMT")


async def against(
    authority: Authority,
    pair: Pair,
    reply: Callable[[Asked], None] = hello,
    *,
    more: str = "",
    tls: str = "",
    target: str = "https://localhost:{port}/x?y",
    timeout: float = 5.0,
) -> Probed:
    text = (
        "prober: http\nhttp: {preferred_ip_protocol: ip4, enable_http3: true, enable_http2: false,"
        f" tls_config: {{ca_file: {authority.path}{tls}}}{', ' + more if more else ''}}}"
    )
    async with serving_http3(pair, reply) as port:
        return await probed(target.format(port=port), text, timeout=timeout)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("http3"))


@pytest.fixture(scope="module")
def good(authority: Authority) -> Pair:
    return authority.issue("localhost", "127.0.0.1", until=FUTURE)


async def test_a_response_is_reported_with_its_version_and_its_certificate(
    authority: Authority, good: Pair
) -> None:
    result = await against(authority, good, more="valid_http_versions: [HTTP/3.0]")
    assert result.success, result.sentence
    assert result.value("probe_http_status_code") == 200
    assert result.value("probe_http_version") == 3
    assert result.value("probe_http_content_length") == 5
    assert result.value("probe_http_uncompressed_body_length") == 5
    assert result.value("probe_http_ssl") == 1
    assert result.value("probe_http_last_modified_timestamp_seconds") == 1136214245
    assert result.value("probe_tls_version_info", version="TLS 1.3") == 1
    assert result.value("probe_tls_cipher_info", cipher="TLS_AES_256_GCM_SHA384") == 1
    assert result.value("probe_ssl_earliest_cert_expiry") == FUTURE.timestamp()
    assert result.value("probe_ssl_last_chain_expiry_timestamp_seconds") == FUTURE.timestamp()


async def test_the_handshake_is_the_phase_of_connecting_and_of_tls(
    authority: Authority, good: Pair
) -> None:
    result = await against(authority, good)
    phases = {
        phase: result.value("probe_http_duration_seconds", phase=phase)
        for phase in ("resolve", "connect", "tls", "processing", "transfer")
    }
    assert phases["connect"] == phases["tls"] > 0
    assert phases["processing"] > 0
    assert phases["transfer"] >= 0


@pytest.mark.parametrize(
    "target", ["http://localhost:{port}/", "HtTp://localhost:{port}/", "localhost:{port}/"]
)
async def test_a_target_of_http_is_taken_as_https(
    authority: Authority, good: Pair, target: str
) -> None:
    result = await against(authority, good, target=target)
    assert (result.success, result.value("probe_http_ssl")) == (True, 1)
    assert "HTTP/3 needs https" in result.log


async def test_a_request_is_sent_as_it_is_configured(authority: Authority, good: Pair) -> None:
    seen: list[Asked] = []

    def keep(asked: Asked) -> None:
        seen.append(asked)
        asked.answer(b"ok")

    more = "method: POST, body: content, headers: {X-A: b, Transfer-Encoding: chunked}"
    more += ", basic_auth: {username: u, password: p}"
    await against(authority, good, keep, more=more)
    (asked,) = seen
    assert asked.body == b"content"
    assert asked.headers[":path"] == "/x?y"
    assert asked.headers["x-a"] == "b"
    assert asked.headers["authorization"] == "Basic dTpw"
    assert asked.headers["content-length"] == "7"
    assert "transfer-encoding" not in asked.headers


async def test_a_redirect_is_followed(authority: Authority, good: Pair) -> None:
    def redirect(asked: Asked) -> None:
        if asked.headers[":path"] == "/there":
            asked.answer(b"there")
        else:
            asked.answer(status="302", location="/there")

    result = await against(authority, good, redirect)
    assert result.success, result.sentence
    assert result.value("probe_http_redirects") == 1


async def test_a_redirect_to_http_ends_the_probe(authority: Authority, good: Pair) -> None:
    result = await against(
        authority, good, lambda asked: asked.answer(status="302", location="http://localhost/")
    )
    assert (result.success, result.reason) == (False, "redirect")


@pytest.mark.parametrize(
    ("names", "until", "reason"),
    [
        (("localhost",), PAST, "tls_expired"),
        (("other.example",), FUTURE, "tls_hostname"),
        (("127.0.0.2",), FUTURE, "tls_hostname"),
    ],
)
async def test_a_bad_certificate_fails_the_probe_and_is_described(
    authority: Authority, names: tuple[str, ...], until: datetime, reason: str
) -> None:
    pair = authority.issue(*names, until=until, file=f"bad-{names[0]}")
    seen: list[Asked] = []
    result = await against(authority, pair, seen.append)
    assert (result.success, result.phase, result.reason) == (False, "tls", reason)
    assert result.value("probe_ssl_earliest_cert_expiry") == until.timestamp()
    assert seen == [], "nothing may be asked of a server that is not trusted"
    relaxed = await against(authority, pair, tls=", insecure_skip_verify: true")
    assert relaxed.success, relaxed.sentence


async def test_a_certificate_of_an_unknown_authority_is_not_trusted(
    authority: Authority, good: Pair, tmp_path: Path
) -> None:
    result = await against(Authority(tmp_path), good)
    assert (result.success, result.reason) == (False, "tls_untrusted")


async def test_a_certificate_for_an_address_is_good_for_it(
    authority: Authority, good: Pair
) -> None:
    result = await against(authority, good, target="https://127.0.0.1:{port}/")
    assert result.success, result.sentence


async def test_a_server_name_is_asked_for_and_verified(authority: Authority) -> None:
    pair = authority.issue("other.example", until=FUTURE, file="named")
    result = await against(authority, pair, tls=", server_name: other.example")
    assert result.success, result.sentence


async def test_a_large_body_is_read_whole(authority: Authority, good: Pair) -> None:
    body = bytes(range(256)) * 20_000
    result = await against(authority, good, lambda asked: asked.answer(body), timeout=20)
    assert result.value("probe_http_uncompressed_body_length") == len(body)


async def test_a_body_has_its_limit(authority: Authority, good: Pair) -> None:
    result = await against(
        authority, good, lambda asked: asked.answer(b"x" * 2000), more="body_size_limit: 1KB"
    )
    assert (result.success, result.reason) == (False, "body_size")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Asked.reset, "reset"),
        (Asked.end, "reset"),
        (lambda asked: asked.raw(b"", ends=True), "closed"),
        (lambda asked: asked.raw(b"\x00\x01x"), "protocol"),
        (lambda asked: asked.raw(b"\x01\x80\x40\x00\x00" + b"x" * 2_000_000), "too_large"),
        (lambda asked: asked.answer(status="abc"), "protocol"),
        (lambda asked: asked.answer(status="404"), "status"),
    ],
    ids=["reset", "end", "nothing", "no head", "endless head", "status", "404"],
)
async def test_a_server_that_misbehaves_fails_the_probe_with_a_reason(
    authority: Authority, good: Pair, reply: Callable[[Asked], None], reason: str
) -> None:
    result = await against(authority, good, reply)
    assert (result.success, result.reason) == (False, reason), result.sentence


async def test_a_server_that_is_silent_ends_with_the_time(authority: Authority, good: Pair) -> None:
    result = await against(authority, good, lambda _: None, timeout=0.5)
    assert (result.phase, result.reason) == ("processing", "timeout")


async def test_a_port_where_nobody_listens_is_refused(authority: Authority) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    text = "prober: http\nhttp: {enable_http3: true, enable_http2: false}"
    result = await probed(f"https://127.0.0.1:{port}/", text)
    assert (result.phase, result.reason) == ("connect", "refused")


async def test_noise_is_no_answer(authority: Authority) -> None:
    loop = asyncio.get_running_loop()

    class Noise(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.DatagramTransport)
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            for _ in range(3):
                self.transport.sendto(b"\x00" * 100, addr)
                self.transport.sendto(bytes(data[::-1]), addr)

    transport, _ = await loop.create_datagram_endpoint(Noise, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    text = "prober: http\nhttp: {enable_http3: true, enable_http2: false}"
    result = await probed(f"https://127.0.0.1:{port}/", text, timeout=0.5)
    transport.close()
    assert (result.phase, result.reason) == ("connect", "timeout")
