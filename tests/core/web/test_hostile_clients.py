"""Clients that are slow, greedy, many or malicious."""

from __future__ import annotations

import asyncio
import errno
import re
import socket
import zlib
from typing import TYPE_CHECKING, cast

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pillion.web import Limits
from pillion.web.connection import Connection
from tests.core.web.handlers import Slow, answering, echo_body, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.core.web.conftest import Running, Serve

HUGE = b"x" * 20_000_000
# aiohttp answers what it cannot read in HTTP/1.0.
BAD = rb"HTTP/1\.[01] 400 Bad Request\r\n"


@pytest.fixture
def site() -> web.Application:
    async def measure(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    return serving(get={"/": answering("hello"), "/huge": answering(HUGE)}, post={"/": measure})


async def scrape(running: Running) -> int:
    client = await running.connect()
    answer = await client.get("/", Connection="close")
    assert await client.is_closed()
    return answer.status


async def test_a_megabyte_of_headers_is_431_and_the_client_can_read_it(
    site: web.Application, serve: Serve
) -> None:
    async with serve(site) as running:
        client = await running.connect()
        await client.send(b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n")
        answer = await client.answer()
        assert answer.status == 431
        assert await client.is_closed()


async def test_a_megabyte_of_target_is_431(site: web.Application, serve: Serve) -> None:
    async with serve(site) as running:
        client = await running.connect()
        await client.send(b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n")
        assert (await client.answer()).status == 431


async def test_a_body_beyond_the_limit_is_413_and_the_client_can_read_it(
    site: web.Application, serve: Serve
) -> None:
    async with serve(site) as running:
        client = await running.connect()
        body = b"a" * 2_000_000
        await client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n" + body)
        assert (await client.answer()).status == 413


async def test_more_bodies_at_once_than_the_bound_are_503(serve: Serve) -> None:
    limits = Limits(body_size=1000, bodies_size=2500)
    slow = Slow()
    async with serve(serving(post={"/": slow.answer}), limits=limits) as running:
        for started, framing in enumerate(
            (b"Content-Length: 1000", b"Transfer-Encoding: chunked"), 1
        ):
            client = await running.connect()
            await client.send(b"POST / HTTP/1.1\r\nHost: h\r\n" + framing + b"\r\n\r\n")
            await slow.until_started(started)
        head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n"
        refused, small = await running.connect(), await running.connect()
        await refused.send(head % 501)
        assert (await refused.answer()).status == 503
        await small.send(head % 499)
        await slow.until_started(3)


async def test_a_compressed_body_is_not_blown_up(serve: Serve) -> None:
    bomb = zlib.compress(b"x" * 10_000_000, wbits=31)
    async with serve(serving(post={"/": echo_body})) as running:
        client = await running.connect()
        head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
        await client.send(head % len(bomb) + bomb)
        assert (await client.answer()).body == bomb


async def test_a_request_with_large_headers_is_answered_and_its_connection_closed(
    site: web.Application, serve: Serve
) -> None:
    async with serve(site) as running:
        client = await running.connect()
        assert "connection" not in (await client.get("/", X="a" * 8000)).headers
        answer = await client.get("/", X="a" * 9000)
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert await client.is_closed()


async def test_a_body_that_nobody_reads_ends_the_connection_after_the_answer(
    serve: Serve,
) -> None:
    async with serve(serving(post={"/": answering("hello")})) as running:
        client = await running.connect()
        await client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nx")
        answer = await client.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert await client.is_closed()


async def test_a_head_that_is_cut_off_behind_a_request_is_timed_as_a_head(serve: Serve) -> None:
    slow = Slow()
    async with serve(serving(get={"/slow": slow.answer})) as running:
        client = await running.connect()
        await client.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
        await slow.until_started(1)
        await client.send(b"GET /slow HTTP/1.1\r\n")
        (connection,) = running.server._connections.all
        assert isinstance(connection, Connection)
        async with asyncio.timeout(10):
            while not connection._next_size:
                await asyncio.sleep(0)
        slow.let_go.set()
        assert (await client.answer()).status == 200
        await asyncio.sleep(0)
        running.pass_time(11)
        assert (await client.answer()).status == 408


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"hello\r\n\r\n", b"GET\r\n\r\n"]
)
async def test_what_is_no_http_is_400(data: bytes, site: web.Application, serve: Serve) -> None:
    async with serve(site) as running:
        assert re.match(BAD, await running.say(data))
        assert await scrape(running) == 200


async def test_a_bad_request_after_a_good_one_is_400(site: web.Application, serve: Serve) -> None:
    async with serve(site) as running:
        client = await running.connect()
        assert (await client.get("/")).status == 200
        await client.send(b"nonsense\r\n\r\n")
        assert (await client.answer()).status == 400
        assert await client.is_closed()


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n",
        b"Content-Length: 0\r\nContent-Length: 30\r\n\r\n",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0\n\n",
        b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
        b"Content-Length: +5\r\n\r\nhello",
        b"Content-Length: 0, 0\r\n\r\n",
        b"Content-Length: 0x5\r\n\r\nhello",
        b"Content-Length: 99999999999999999999999\r\n\r\n",
        b"Host: i\r\n\r\n",
        b"X: a\0b\r\n\r\n",
        b"Content-Length: 0\n\n",
    ],
)
async def test_nothing_is_smuggled_behind_an_ambiguous_request(
    framing: bytes, site: web.Application, serve: Serve
) -> None:
    async with serve(site) as running:
        said = await running.say(
            b"POST / HTTP/1.1\r\nHost: h\r\n" + framing + b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        )
        assert re.match(BAD, said)
        assert said.count(b"HTTP/1.") == 1


async def test_a_body_in_chunks_is_none_of_http_1_0s(site: web.Application, serve: Serve) -> None:
    async with serve(site) as running:
        said = await running.say(
            b"POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"
        )
        assert re.match(BAD, said)
        assert said.count(b"\r\nServer: ") == 1


@pytest.mark.parametrize(
    "line", [b"GET /", b"GET / HTTP/0.9", b"GET / HTTP/1.2", b"GET / HTTP/2.0"]
)
async def test_no_other_version_is_spoken(line: bytes, site: web.Application, serve: Serve) -> None:
    async with serve(site) as running:
        said = await running.say(line + b"\r\nHost: h\r\n\r\n")
        assert re.match(rb"HTTP/\S+ (400|505) ", said)


class TestTime:
    limits = Limits(head_time=10, body_time=30, idle_time=330, write_time=30, linger_time=2)

    async def test_headers_that_drip_in_are_cut_off_after_the_time_for_all(
        self, site: web.Application, serve: Serve
    ) -> None:
        async with serve(site, limits=self.limits) as running:
            client = await running.connect()
            for piece in (b"GET / HTTP/1.1\r\n", b"Host: h\r\n", b"X: 1\r\n"):
                await client.send(piece)
                # Whatever was sent before is read by the time that a later scrape is answered.
                assert await scrape(running) == 200
                running.pass_time(3.3)
            await client.send(b"Y: 1\r\n")
            assert await scrape(running) == 200
            running.pass_time(0.2)
            assert (await client.answer()).status == 408
            assert await client.is_closed()

    async def test_a_connection_that_never_says_anything_is_closed(
        self, site: web.Application, serve: Serve
    ) -> None:
        async with serve(site, limits=self.limits) as running:
            client = await running.connect()
            await running.until_connections(1)
            await asyncio.sleep(0)
            running.pass_time(9.9)
            assert running.server.connection_count == 1
            running.pass_time(0.2)
            assert await client.is_closed()

    async def test_a_body_that_never_ends_is_cut_off(
        self, site: web.Application, serve: Serve
    ) -> None:
        async with serve(site, limits=self.limits) as running:
            client = await running.connect()
            await client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\na")
            assert await scrape(running) == 200
            running.pass_time(29)
            assert await scrape(running) == 200
            running.pass_time(2)
            assert (await client.answer()).status == 408

    async def test_a_kept_connection_outlives_the_five_minutes_of_prometheus(
        self, site: web.Application, serve: Serve
    ) -> None:
        async with serve(site, limits=self.limits) as running:
            client = await running.connect()
            assert (await client.get("/")).status == 200
            running.pass_time(320)
            assert (await client.get("/")).status == 200
            running.pass_time(331)
            assert await client.is_closed()

    async def test_a_client_that_does_not_read_is_cut_and_what_it_asks_is_not_piled_up(
        self, site: web.Application, serve: Serve
    ) -> None:
        async with serve(site, limits=self.limits) as running:
            client = await running.connect()
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]
            await client.send(b"GET /huge HTTP/1.1\r\nHost: h\r\n\r\n" * 50)
            assert await scrape(running) == 200
            (connection,) = running.server._connections.all
            assert connection.writing_paused
            running.pass_time(29)
            assert running.server.connection_count == 1
            running.pass_time(2)
            await running.until_connections(0)

    async def test_a_refused_client_that_stays_is_cut(
        self, site: web.Application, serve: Serve
    ) -> None:
        async with serve(site, limits=self.limits) as running:
            client = await running.connect()
            await client.send(b"nonsense\r\n\r\n")
            assert (await client.answer()).status == 400
            assert running.server.connection_count == 1
            running.pass_time(2.1)
            await running.until_connections(0)

    async def test_the_sweep_rests_while_there_are_no_connections(
        self, site: web.Application, serve: Serve
    ) -> None:
        async with serve(site, limits=self.limits) as running:
            client = await running.connect()
            assert (await client.get("/")).status == 200
            assert running.server._sweeper is not None
            await client.close()
            await running.until_connections(0)
            running.server.sweep()
            assert running.server._sweeper is None


async def test_a_thousand_idle_connections_do_not_keep_a_scrape_out(
    site: web.Application, serve: Serve
) -> None:
    limits = Limits(connections=100)
    async with serve(site, limits=limits) as running:
        kept = await running.connect()
        assert (await kept.get("/")).status == 200
        for _ in range(300):
            await running.connect()
            running.clock.advance(0.001)
        assert await scrape(running) == 200
        assert running.server.connection_count <= 100


async def test_the_longest_idle_goes_first(site: web.Application, serve: Serve) -> None:
    async with serve(site, limits=Limits(connections=3)) as running:
        clients = []
        for _ in range(3):
            clients.append(await running.connect())
            await clients[-1].get("/")
            running.clock.advance(1)
        await clients[0].get("/")
        newest = await running.connect()
        assert (await newest.get("/")).status == 200
        assert await clients[1].is_closed()
        assert (await clients[0].get("/")).status == 200


async def test_a_request_in_flight_is_never_given_up_for_a_new_connection(serve: Serve) -> None:
    slow = Slow()
    async with serve(serving(get={"/slow": slow.answer}), limits=Limits(connections=1)) as running:
        client = await running.connect()
        await client.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
        await slow.until_started(1)
        turned_away = await running.connect()
        assert await turned_away.is_closed()
        slow.let_go.set()
        assert (await client.answer()).text == "slow "


async def test_clients_that_do_not_take_their_answers_do_not_keep_a_scrape_out(
    site: web.Application, serve: Serve
) -> None:
    async with serve(site, limits=Limits(connections=3)) as running:
        for _ in range(3):
            client = await running.connect()
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]
            await client.send(b"GET /huge HTTP/1.1\r\nHost: h\r\n\r\n")
        async with asyncio.timeout(10):
            while not all(one.writing_paused for one in running.server._connections.all):
                await asyncio.sleep(0)
        assert await scrape(running) == 200


async def test_scrapes_go_on_when_the_process_is_out_of_descriptors(
    site: web.Application, serve: Serve
) -> None:
    async with serve(site) as running:
        idle = await running.connect()
        assert (await idle.get("/")).status == 200
        listening = running.server._listening[0]
        failures = iter([OSError(errno.EMFILE, "Too many open files")])
        flaky = cast("socket.socket", _Flaky(listening, failures))
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)
        loop.add_reader(listening, lambda: running.server._accept(flaky))
        assert await scrape(running) == 200
        assert await idle.is_closed()
        assert running.logged.getvalue().count("cannot accept a connection") == 1


class _Flaky:
    """A listening socket whose `accept` fails first."""

    def __init__(self, listening: socket.socket, failures: Iterator[OSError]) -> None:
        self._listening = listening
        self._failures = failures

    def accept(self) -> tuple[socket.socket, object]:
        for failure in self._failures:
            raise failure
        return self._listening.accept()


FRAGMENTS = st.sampled_from(
    [
        b"GET / HTTP/1.1\r\nHost: h\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"Connection: upgrade\r\nUpgrade: x\r\n",
        b"Expect: 100-continue\r\n",
        b"\r\n",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
    ]
)


async def test_any_bytes_are_answered_or_closed_and_nothing_is_left(
    site: web.Application, serve: Serve
) -> None:
    """One server for all examples: they run in a thread, each against its own connection."""
    async with serve(site) as running:
        port = running.port

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(st.one_of(FRAGMENTS, st.binary(max_size=20)), max_size=8))
        def example(pieces: list[bytes]) -> None:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
                try:
                    for piece in pieces:
                        client.sendall(piece)
                    client.shutdown(socket.SHUT_WR)
                    said = b"".join(iter(lambda: client.recv(65536), b""))
                except (BrokenPipeError, ConnectionResetError):
                    return
                except OSError as error:
                    assert error.errno == errno.ENOTCONN
                    return
            assert said == b"" or said.startswith(b"HTTP/1.")

        await asyncio.to_thread(example)
        await running.until_connections(0)
        assert "level=error" not in running.logged.getvalue()
