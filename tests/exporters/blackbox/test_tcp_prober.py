"""TCP and unix probes: connections, conversations, STARTTLS, and servers that mean ill."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from pillion.net import unmapped
from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.network.choice import choose
from pillion_blackbox_exporter.probing.address import decoded, split_host_port
from tests.exporters.blackbox.probed import Probed, probed
from tests.servers.certificates import Authority
from tests.servers.wire import Visit, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path


def says(*lines: bytes) -> Callable[[Visit], Awaitable[None]]:
    async def serve(visit: Visit) -> None:
        for line in lines:
            await visit.write(line)

    return serve


async def against(
    serve: Callable[[Visit], Awaitable[None]], steps: str, timeout: float = 2.0
) -> Probed:
    async with serving(serve) as port:
        text = f"prober: tcp\ntcp: {{query_response: [{steps}]}}"
        return await probed(f"127.0.0.1:{port}", text, timeout=timeout)


async def test_a_connection_is_enough_where_nothing_is_expected() -> None:
    async with serving(says()) as port:
        result = await probed(f"127.0.0.1:{port}", "prober: tcp")
    assert result.success
    assert result.value("probe_failed_due_to_regex") == 0
    assert result.value("probe_ip_protocol") == 4


async def test_a_banner_is_matched_and_its_parts_are_labels() -> None:
    steps = """
        {expect: "^SSH-2.0-([^ -]+)(?: (.*))?$",
         labels: [{name: ssh_version, value: "${1}"}, {name: comments, value: "<${2}>"}]}
    """
    result = await against(says(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), " ".join(steps.split()))
    assert result.success, result.sentence
    labels = {"ssh_version": "OpenSSH_9.2p1", "comments": "<Debian-2>"}
    assert result.value("probe_expect_info", **labels) == 1


async def test_lines_that_do_not_match_are_passed_over() -> None:
    result = await against(
        says(b"one\n", b"two\nthr", b"ee\nfour"), "{expect: ^three$}, {expect: ^four$}"
    )
    assert result.success


async def test_what_is_sent_may_hold_what_was_matched() -> None:
    sent: list[bytes] = []

    async def serve(visit: Visit) -> None:
        await visit.write(b"PING :abc\r\n")
        sent.append(await visit._reader.readline())
        await visit.write(b":irc 001 welcome\r\n")

    steps = '{expect: "PING :([^ ]+)", send: "PONG ${1}"}, {expect: "^:[^ ]+ 001"}'
    assert (await against(serve, steps)).success
    assert sent == [b"PONG abc\n"]


async def test_a_line_that_never_comes_is_why_it_fails() -> None:
    result = await against(says(b"one\n", b"two\n"), "{expect: ^three$}")
    assert (result.phase, result.reason) == ("exchange", "regex")
    assert result.sentence == "no line matches '^three$' before the end; the last line was 'two'"
    assert result.value("probe_failed_due_to_regex") == 1


@pytest.mark.parametrize(
    ("came", "reason", "flag"), [(b"SN", "", 0), (b"NN", "bytes", 1), (b"", "closed", 0)]
)
async def test_bytes_are_compared(came: bytes, reason: str, flag: int) -> None:
    async def serve(visit: Visit) -> None:
        assert await visit._reader.readline() == b"\x00\x01\n"
        await visit.write(came)

    result = await against(serve, "{send: !!binary AAE=}, {expect_bytes: S}")
    assert result.reason == reason
    assert result.value("probe_failed_due_to_bytes") == flag


async def test_a_server_that_says_nothing_ends_with_the_time() -> None:
    async def serve(visit: Visit) -> None:
        await visit.wait_for_end()

    result = await against(serve, "{expect: x}", timeout=0.2)
    assert (result.phase, result.reason) == ("exchange", "timeout")


async def test_a_line_without_end_is_cut_off() -> None:
    async def serve(visit: Visit) -> None:
        while True:
            await visit.write(b"x" * 10_000)

    result = await against(serve, "{expect: y}")
    assert result.sentence == "a line is longer than 65536 bytes"


async def test_a_million_lines_that_do_not_match_delay_nobody_and_are_not_kept() -> None:
    async def serve(visit: Visit) -> None:
        while True:
            await visit.write(b"no\n" * 10_000)

    result = await against(serve, "{expect: yes}", timeout=0.5)
    assert result.reason == "timeout"
    assert len(result.log.splitlines()) <= 501


async def test_a_line_that_is_no_utf8_can_be_matched() -> None:
    assert (await against(says(b"caf\xe9 open\n"), "{expect: ^caf. open$}")).success


@asynccontextmanager
async def smtp(pair_files: tuple[str, str]) -> AsyncIterator[int]:
    """A mail server of a few words that speaks TLS after STARTTLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair_files)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        assert (await reader.readline()).startswith(b"EHLO")
        writer.write(b"250-mail.example\r\n250-STARTTLS\r\n250 HELP\r\n")
        assert (await reader.readline()).startswith(b"STARTTLS")
        writer.write(b"220 go ahead\r\n")
        try:
            await writer.start_tls(context)
        except (OSError, ssl.SSLError):
            return
        assert (await reader.readline()).startswith(b"EHLO")
        writer.write(b"250-AUTH PLAIN\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


STEPS = """
    - expect: "^220 ([^ ]+) ESMTP"
    - send: "EHLO prober\\r"
    - expect: "^250-STARTTLS"
    - send: "STARTTLS\\r"
    - expect: "^220"
    - starttls: true
    - send: "EHLO prober\\r"
    - expect: "^250-AUTH"
"""


@pytest.mark.skipif(not hasattr(asyncio.StreamWriter, "start_tls"), reason="Python 3.11")
@pytest.mark.parametrize(
    ("until", "reason"),
    [(datetime(2050, 1, 1, tzinfo=UTC), ""), (datetime(2020, 1, 1, tzinfo=UTC), "tls_expired")],
)
async def test_starttls_in_the_middle_of_a_conversation(
    tmp_path: Path, until: datetime, reason: str
) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("localhost", until=until)
    async with smtp((pair.certificate, pair.key)) as port:
        text = (
            f"prober: tcp\ntcp:\n  tls_config: {{ca_file: {authority.path}}}\n"
            f"  query_response:{STEPS}"
        )
        result = await probed(f"localhost:{port}", text)
    assert result.reason == reason, result.sentence
    assert result.value("probe_ssl_earliest_cert_expiry") == until.timestamp()


async def test_tls_from_the_beginning(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("db.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"ready\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        target = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        text = (
            "prober: tcp\ntcp: {tls: true, query_response: [{expect: ready}], "
            f"tls_config: {{ca_file: {authority.path}}}}}"
        )
        named = await probed(target, text, hostname="db.example")
        unnamed = await probed(target, text)
    assert named.success, named.sentence
    assert named.value("probe_tls_version_info", version="TLS 1.3") == 1
    assert unnamed.reason == "tls_hostname"


async def test_the_source_address_is_where_it_comes_from() -> None:
    peers: list[str] = []

    async def serve(visit: Visit) -> None:
        peers.append(visit._writer.get_extra_info("peername")[0])
        await visit.write(b"hello\n")

    async with serving(serve) as port:
        text = "prober: tcp\ntcp: {source_ip_address: 127.0.0.9, query_response: [{expect: h}]}"
        assert (await probed(f"127.0.0.1:{port}", text)).success
        wrong = "prober: tcp\ntcp: {source_ip_address: 192.0.2.1}"
        assert (await probed(f"127.0.0.1:{port}", wrong)).reason == "unreachable"
    assert peers == ["127.0.0.9"]


async def test_a_unix_socket_is_probed(tmp_path: Path) -> None:
    path = str(tmp_path / "s.sock")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readline() == b"PING\n":
            writer.write(b"PONG\n")
        writer.close()

    server = await asyncio.start_unix_server(answer, path)
    async with server:
        text = "prober: unix\nunix: {query_response: [{send: PING}, {expect: PONG}]}"
        assert (await probed(path, text)).success
    missing = await probed(f"{path}-not", "prober: unix")
    assert (missing.phase, missing.reason) == ("connect", "refused")
    assert missing.sentence == f"connecting to {path}-not: no such file or directory"


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("localhost", "the target 'localhost' has no port; write host:port"),
        ("::1", "the target '::1' has no port; write host:port"),
        ("localhost:http", "the target 'localhost:http' has no port number after its colon"),
        ("localhost:70000", "the target 'localhost:70000' has no port number after its colon"),
        ("[::1", "the target '[::1' is not host:port"),
    ],
)
async def test_a_target_that_is_no_host_and_port_is_said(target: str, sentence: str) -> None:
    result = await probed(target, "prober: tcp")
    assert (result.reason, result.sentence) == ("target", sentence)
    assert result.value("probe_failure_info", phase="", reason="target") == 1


def test_targets_are_split() -> None:
    assert split_host_port("[::1]:22") == ("::1", 22)
    assert split_host_port("a:22") == ("a", 22)
    assert split_host_port("a", 53) == ("a", 53)
    assert split_host_port("::1", 53) == ("::1", 53)
    assert split_host_port("[::1]", 53) == ("::1", 53)


@pytest.mark.parametrize(
    ("preferred", "fallback", "chosen"),
    [
        ("", True, "::1"),
        ("ip6", True, "::1"),
        ("ip4", True, "10.0.0.1"),
        ("ip4", False, "10.0.0.1"),
    ],
)
def test_an_address_is_chosen_by_protocol(*, preferred: str, fallback: bool, chosen: str) -> None:
    assert choose("a", ["10.0.0.1", "::1", "10.0.0.2"], preferred, fallback=fallback) == chosen


def test_the_other_protocol_will_do_only_where_it_may() -> None:
    assert choose("a", ["10.0.0.1", "10.0.0.2"], "ip6", fallback=True) == "10.0.0.2"
    with pytest.raises(ProbeError, match="a has no IPv6 address"):
        choose("a", ["10.0.0.1"], "ip6", fallback=False)


def test_an_ipv4_address_in_ipv6_is_what_it_is() -> None:
    assert unmapped("::ffff:10.0.0.1") == "10.0.0.1"
    assert unmapped("::1") == "::1"


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("http://127.0.0.1%3A8080", "http://127.0.0.1:8080"),
        ("http%3A%2F%2Fa%3A80%2Fpath", "http://a:80/path"),
        ("127.0.0.1%3a80", "127.0.0.1:80"),
        ("http://%5B::1%5D/", "http://[::1]/"),
        ("http://a/api%3Alatest?b=c%2Fd", "http://a/api%3Alatest?b=c%2Fd"),
        ("http://user:p%3Aw@a/", "http://user:p%3Aw@a/"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("/run/a%2Fb.sock", "/run/a%2Fb.sock"),
    ],
)
def test_a_target_that_was_encoded_twice_is_read_as_it_was_meant(target: str, meant: str) -> None:
    assert decoded(target) == meant
