"""TLS on real sockets: versions, suites, curves and client certificates."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from pillion.web import Limits
from pillion.web.connections import TLS_CONNECTION_SIZE
from tests.core.web.handlers import Slow, answering, echo_body, serving

if TYPE_CHECKING:
    from tests.core.web.conftest import Running, Serve
    from tests.core.web.security.conftest import Authority, Configured

PAIR = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@pytest.fixture
def site() -> web.Application:
    return serving(get={"/": answering("hello")}, post={"/": echo_body})


async def status(running: Running, context: ssl.SSLContext) -> int:
    """Return the status of a request, or 0 when the connection is refused."""
    try:
        client = await running.connect(context, server_hostname="localhost")
        return (await client.get("/")).status
    except (OSError, EOFError):
        return 0


async def test_requests_are_answered_over_tls(
    site: web.Application, serve: Serve, authority: Authority, configured: Configured
) -> None:
    async with serve(site, security=configured.read(PAIR)) as running:
        client = await running.connect(authority.client(), server_hostname="localhost")
        for _ in range(3):
            assert (await client.get("/")).text == "hello"
        body = b"x" * 100_000
        await client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + body)
        assert (await client.answer()).body == body


async def test_http_1_1_is_chosen_where_http2_is_offered(
    site: web.Application, serve: Serve, authority: Authority, configured: Configured
) -> None:
    context = authority.client()
    context.set_alpn_protocols(["h2", "http/1.1"])
    async with serve(site, security=configured.read(PAIR)) as running:
        client = await running.connect(context, server_hostname="localhost")
        tls = client.writer.get_extra_info("ssl_object")
        assert tls.selected_alpn_protocol() == "http/1.1"


async def test_plain_http_is_refused_where_tls_is_asked_for(
    site: web.Application, serve: Serve, authority: Authority, configured: Configured
) -> None:
    async with serve(site, security=configured.read(PAIR)) as running:
        assert await running.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n") == b""
        assert "a TLS handshake failed" in running.logged.getvalue()
        await running.until_connections(0)


async def test_a_handshake_that_never_comes_is_cut(
    site: web.Application, serve: Serve, authority: Authority, configured: Configured
) -> None:
    async with serve(site, security=configured.read(PAIR)) as running:
        client = await running.connect()
        await running.until_connections(1)
        running.pass_time(11)
        assert await client.is_closed()
        await running.until_connections(0)


@pytest.mark.parametrize(
    "data", [b"\x00" * 100, b"\x16\x03\x01\xff\xff", b"\x15\x03\x01\x00\x02\x02\x00"]
)
async def test_what_is_no_tls_is_closed(
    data: bytes, site: web.Application, serve: Serve, authority: Authority, configured: Configured
) -> None:
    async with serve(site, security=configured.read(PAIR)) as running:
        client = await running.connect()
        await client.send(data)
        client.writer.write_eof()
        assert b"HTTP/" not in await client.rest()
        await running.until_connections(0)
        assert await status(running, authority.client()) == 200


async def test_what_breaks_tls_after_the_handshake_is_closed(
    site: web.Application, serve: Serve, authority: Authority, configured: Configured
) -> None:
    async with serve(site, security=configured.read(PAIR)) as running:
        with socket.create_connection(("127.0.0.1", running.port), timeout=10) as raw:
            context = authority.client()

            def talk() -> bytes:
                with context.wrap_socket(raw, server_hostname="localhost") as client:
                    client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                    answer = client.recv(1000)
                    with socket.socket(fileno=os.dup(client.fileno())) as under:
                        under.sendall(b"this is no record" * 10)
                    return answer

            assert b"hello" in await asyncio.to_thread(talk)
        await running.until_connections(0)
        assert "level=error" not in running.logged.getvalue()


async def test_a_client_that_does_not_read_is_cut_over_tls_as_well(
    site: web.Application, serve: Serve, authority: Authority, configured: Configured
) -> None:
    site.router.add_get("/huge", answering(b"x" * 20_000_000))
    async with serve(site, security=configured.read(PAIR)) as running:
        client = await running.connect(authority.client(), server_hostname="localhost")
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await client.send(b"GET /huge HTTP/1.1\r\nHost: h\r\n\r\n" * 3)
        async with asyncio.timeout(10):
            while not any(one.writing_paused for one in running.server._connections.all):
                await asyncio.sleep(0)
        running.pass_time(31)
        await running.until_connections(0)


async def test_long_answers_and_pipelining_hold_over_tls(
    site: web.Application, serve: Serve, authority: Authority, configured: Configured
) -> None:
    site.router.add_get("/huge", answering(b"x" * 3_000_000))

    async def late(request: web.Request) -> web.Response:
        await asyncio.sleep(0)
        return web.Response(text=request.query_string)

    site.router.add_get("/late", late)
    async with serve(site, security=configured.read(PAIR)) as running:
        client = await running.connect(authority.client(), server_hostname="localhost")
        asked = [f"GET /late?{n} HTTP/1.1\r\nHost: h\r\n\r\n".encode() for n in range(300)]
        asked.insert(150, b"GET /huge HTTP/1.1\r\nHost: h\r\n\r\n")
        sending = asyncio.create_task(client.send(b"".join(asked)))
        answers = [(await client.answer()).body for _ in asked]
        await sending
        assert len(answers.pop(150)) == 3_000_000
        assert answers == [str(n).encode() for n in range(300)]


async def test_a_refusal_is_read_over_tls(
    site: web.Application, serve: Serve, authority: Authority, configured: Configured
) -> None:
    async with serve(site, security=configured.read(PAIR)) as running:
        client = await running.connect(authority.client(), server_hostname="localhost")
        await client.send(b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n")
        assert (await client.answer()).status == 431


async def test_requests_in_flight_are_finished_at_the_close_over_tls(
    site: web.Application, serve: Serve, authority: Authority, configured: Configured
) -> None:
    slow = Slow()
    site.router.add_get("/slow", slow.answer)
    async with serve(site, security=configured.read(PAIR)) as running:
        client = await running.connect(authority.client(), server_hostname="localhost")
        await client.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
        await slow.until_started(1)
        closing = asyncio.create_task(running.server.close(grace=10))
        await asyncio.sleep(0)
        slow.let_go.set()
        assert (await client.answer()).text == "slow "
        assert await client.is_closed()
        await closing


async def test_the_longest_idle_makes_room_where_idle_tls_connections_meet_their_bound(
    site: web.Application, serve: Serve, authority: Authority, configured: Configured
) -> None:
    limits = Limits(idle_tls_size=2 * TLS_CONNECTION_SIZE)
    slow = Slow()
    site.router.add_get("/slow", slow.answer)
    async with serve(site, security=configured.read(PAIR), limits=limits) as running:
        context = authority.client()
        busy = await running.connect(context, server_hostname="localhost")
        await busy.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
        await slow.until_started(1)
        clients = []
        for _ in range(3):
            running.clock.advance(1)
            clients.append(await running.connect(context, server_hostname="localhost"))
            assert (await clients[-1].get("/")).status == 200
        assert await clients[0].is_closed()
        assert (await clients[1].get("/")).status == 200
        slow.let_go.set()
        assert (await busy.answer()).status == 200
        running.server.sweep()
        await running.until_connections(2)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
async def test_openssl_is_answered_and_told_goodbye(
    version: str, site: web.Application, serve: Serve, authority: Authority, configured: Configured
) -> None:
    async with serve(site, security=configured.read(PAIR)) as running:
        asked = await asyncio.create_subprocess_exec(
            "openssl",
            "s_client",
            "-connect",
            f"127.0.0.1:{running.port}",
            version,
            "-quiet",
            "-ign_eof",
            "-servername",
            "localhost",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        async with asyncio.timeout(30):
            text, _ = await asked.communicate(
                b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            )
        assert asked.returncode == 0, "openssl 3 fails where there was no close_notify"
        assert text.endswith(b"hello")
        await running.until_connections(0)


@pytest.mark.parametrize(
    ("lines", "accepted", "refused"),
    [
        ("", [TLS12, TLS13], [ssl.TLSVersion.TLSv1_1]),
        ("  min_version: TLS13\n", [TLS13], [TLS12]),
        ("  max_version: TLS12\n", [TLS12], [TLS13]),
        ("  min_version: TLS10\n  max_version: TLS11\n", [ssl.TLSVersion.TLSv1_1], [TLS12]),
        ("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n", [TLS13], [TLS12]),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_versions(
    lines: str,
    *,
    accepted: list[ssl.TLSVersion],
    refused: list[ssl.TLSVersion],
    site: web.Application,
    serve: Serve,
    authority: Authority,
    configured: Configured,
) -> None:
    async with serve(site, security=configured.read(PAIR + lines)) as running:
        for version in (*accepted, *refused):
            context = authority.client(least=version, most=version)
            if version < TLS12:
                context.set_ciphers("DEFAULT:@SECLEVEL=0")
            assert await status(running, context) == (200 if version in accepted else 0)


async def test_the_suites_and_the_curve_are_those_of_the_file(
    site: web.Application, serve: Serve, authority: Authority, configured: Configured
) -> None:
    suite = "TLS_ECDHE_{}_WITH_AES_256_GCM_SHA384"
    lines = f"  cipher_suites: [{suite.format('RSA')}, {suite.format('ECDSA')}]\n"
    security = configured.read(PAIR + lines + "  curve_preferences: [CurveP384]\n")
    async with serve(site, security=security) as running:
        context = authority.client(most=TLS12)
        client = await running.connect(context, server_hostname="localhost")
        name, _, _ = client.writer.get_extra_info("cipher")
        assert name.endswith("AES256-GCM-SHA384")
        context.set_ecdh_curve("prime256v1")
        assert await status(running, context) == 0


NAMES = ("prometheus.example",)


@pytest.mark.parametrize(
    ("kind", "without", "stranger", "trusted"),
    [
        ("NoClientCert", 200, 200, 200),
        ("RequestClientCert", 200, 200, 200),
        ("VerifyClientCertIfGiven", 200, 0, 200),
        ("RequireAndVerifyClientCert", 0, 0, 200),
    ],
)
async def test_client_certificates(
    kind: str,
    *,
    without: int,
    stranger: int,
    trusted: int,
    site: web.Application,
    serve: Serve,
    authority: Authority,
    configured: Configured,
) -> None:
    authority_line = "" if kind == "NoClientCert" else "  client_ca_file: clients.crt\n"
    text = f"{PAIR}  client_auth_type: {kind}\n{authority_line}"
    async with serve(site, security=configured.read(text)) as running:
        assert await status(running, authority.client()) == without
        assert await status(running, authority.client(names=NAMES, is_trusted=False)) == stranger
        assert await status(running, authority.client(names=NAMES)) == trusted
        for version in (TLS12, TLS13):
            context = authority.client(names=NAMES, least=version, most=version)
            assert await status(running, context) == 200


@pytest.mark.parametrize(
    ("names", "answer"),
    [
        (("prometheus.example",), 200),
        (("other.example", "prometheus.example"), 200),
        (("other.example",), 0),
        (("10.1.2.3",), 200),
        (("10.1.2.4",), 0),
        (("2001:db8::1",), 200),
        (("alice@example.org",), 200),
        (("sub.prometheus.example",), 0),
    ],
)
async def test_only_the_allowed_names_get_in(
    names: tuple[str, ...],
    *,
    answer: int,
    site: web.Application,
    serve: Serve,
    authority: Authority,
    configured: Configured,
) -> None:
    text = (
        f"{PAIR}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.crt\n"
        "  client_allowed_sans:\n  - prometheus.example\n  - 10.1.2.3\n"
        "  - 2001:0DB8:0:0::1\n  - alice@example.org\n"
    )
    async with serve(site, security=configured.read(text)) as running:
        assert await status(running, authority.client(names=names)) == answer
        await running.server.close(grace=0)
        assert ("client_allowed_sans" in running.logged.getvalue()) is (answer == 0)
