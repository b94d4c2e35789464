"""What a client of the server sees when all is well, and when a handler is not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest
from aiohttp import web

from pillion.errors import ConfigurationError
from pillion.settings import Address
from pillion.web import Limits
from tests.core.web.handlers import Slow, answering, echo_body, echo_query, serving

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from tests.core.web.conftest import Serve

LONG = "metric 1\n" * 1000


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def site(slow: Slow) -> web.Application:
    return serving(
        get={"/": echo_query, "/slow": slow.answer, "/long": answering(LONG)},
        post={"/echo": echo_body},
    )


async def test_requests_on_one_connection_are_answered_one_after_the_other(
    site: web.Application, serve: Serve
) -> None:
    async with serve(site) as running:
        client = await running.connect()
        for number in range(3):
            answer = await client.get(f"/?{number}")
            assert (answer.status, answer.text) == (200, f"hello {number}")
            assert "connection" not in answer.headers
            assert answer.headers["date"].endswith(" GMT")


async def test_no_version_of_anything_is_told(site: web.Application, serve: Serve) -> None:
    async with serve(site) as running:
        client = await running.connect()
        assert (await client.get("/")).headers["server"] == "pillion"
        assert (await client.get("/nothing")).headers["server"] == "pillion"
        await client.send(b"nonsense\r\n\r\n")
        assert (await client.answer()).headers["server"] == "pillion"


async def test_pipelined_requests_are_answered_in_order_even_if_one_takes_time(
    site: web.Application, slow: Slow, serve: Serve
) -> None:
    async with serve(site) as running:
        client = await running.connect()
        paths = ["/?1", "/slow?2", "/?3", "/slow?4", "/?5"]
        await client.send(
            b"".join(b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n" % p.encode() for p in paths)
        )
        assert (await client.answer()).text == "hello 1"
        await slow.until_started(1)
        slow.let_go.set()
        rest = [(await client.answer()).text for _ in paths[1:]]
        assert rest == ["slow 2", "hello 3", "slow 4", "hello 5"]


async def test_many_pipelined_requests_are_all_answered(
    site: web.Application, serve: Serve
) -> None:
    async with serve(site) as running:
        client = await running.connect()
        sending = asyncio.create_task(client.send(b"GET /?x HTTP/1.1\r\nHost: h\r\n\r\n" * 5000))
        for _ in range(5000):
            assert (await client.answer()).text == "hello x"
        await sending


async def test_connection_close_is_honoured_and_told(site: web.Application, serve: Serve) -> None:
    async with serve(site) as running:
        client = await running.connect()
        answer = await client.get("/", Connection="close")
        assert answer.headers["connection"] == "close"
        assert await client.is_closed()


async def test_http_1_0_is_closed_unless_it_asks_otherwise(
    site: web.Application, serve: Serve
) -> None:
    async with serve(site) as running:
        client = await running.connect()
        await client.send(b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
        assert (await client.answer()).headers["connection"] == "keep-alive"
        await client.send(b"GET / HTTP/1.0\r\n\r\n")
        assert (await client.answer()).status == 200
        assert await client.is_closed()


async def test_a_client_that_offers_http2_is_answered_in_http_1_1(
    site: web.Application, serve: Serve
) -> None:
    offer = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    async with serve(site) as running:
        client = await running.connect()
        await client.send(offer + b"HTTP2-Settings: AAMAAABk\r\n\r\n")
        assert (await client.answer()).status == 200


async def test_head_is_answered_without_a_body(site: web.Application, serve: Serve) -> None:
    async with serve(site) as running:
        client = await running.connect()
        await client.send(b"HEAD /long HTTP/1.1\r\nHost: h\r\n\r\n")
        answer = await client.answer(is_head=True)
        assert answer.headers["content-length"] == str(len(LONG))
        assert (await client.get("/?next")).text == "hello next"


async def test_a_body_arrives_whole_however_it_is_framed(
    site: web.Application, serve: Serve
) -> None:
    async with serve(site) as running:
        client = await running.connect()
        head = b"POST /echo HTTP/1.1\r\nHost: h\r\n"
        for size in (100_000, 1024 * 1024):
            body = b"x" * size
            await client.send(head + b"Content-Length: %d\r\n\r\n" % size + body)
            assert (await client.answer()).body == body
        await client.send(head + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        assert (await client.answer()).body == b"abc"


async def test_a_client_that_expects_continue_is_told_to(
    site: web.Application, serve: Serve
) -> None:
    async with serve(site) as running:
        client = await running.connect()
        head = (
            b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        await client.send(head)
        assert (await client.answer()).status == 100
        await client.send(b"hi")
        assert (await client.answer()).body == b"hi"


async def test_a_client_may_close_its_half_after_its_requests(serve: Serve) -> None:
    async with serve(serving(get={"/huge": answering(b"x" * 10_000_000)})) as running:
        client = await running.connect()
        await client.send(b"GET /huge HTTP/1.1\r\nHost: h\r\n\r\n" * 2)
        client.writer.write_eof()
        for _ in range(2):
            assert len((await client.answer()).body) == 10_000_000
        assert await client.is_closed()


async def test_the_handler_is_cancelled_soon_after_its_client_closes(
    site: web.Application, slow: Slow, serve: Serve
) -> None:
    async with serve(site) as running:
        client = await running.connect()
        await client.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
        await slow.until_started(1)
        await client.close()
        async with asyncio.timeout(10):
            while not slow.cancelled:
                running.pass_time(2.1)
                await asyncio.sleep(0)
        await running.until_connections(0)


async def raises(_: web.Request) -> web.Response:
    raise LookupError("the password is swordfish")


async def raises_late(_: web.Request) -> web.Response:
    await asyncio.sleep(0)
    raise LookupError("the password is swordfish")


async def times_out(_: web.Request) -> web.Response:
    raise TimeoutError("the password is swordfish")


@pytest.mark.parametrize("handler", [raises, raises_late, times_out])
async def test_a_handlers_error_is_500_and_told_to_the_log_alone(
    handler: Handler, serve: Serve
) -> None:
    async with serve(serving(get={"/x": handler})) as running:
        client = await running.connect()
        for _ in range(2):
            answer = await client.get("/x")
            assert answer.status == 500
            assert "swordfish" not in answer.text
        logged = running.logged.getvalue()
        assert logged.count("level=error") == 2
        assert "path=/x" in logged
        assert f"test_server.py:{handler.__code__.co_firstlineno}" not in logged
        assert f"in {handler.__name__}" in logged
        assert "Traceback" in logged


async def test_nothing_is_sent_of_an_answer_with_a_broken_header(serve: Serve) -> None:
    async def broken(_: web.Request) -> web.Response:
        return web.Response(headers={"Location": "/\r\nSet-Cookie: x"})

    async with serve(serving(get={"/": broken})) as running:
        assert b"Set-Cookie" not in await running.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert "level=error" in running.logged.getvalue()


@pytest.mark.parametrize("returned", ["text", None, 3])
async def test_a_handler_that_returns_no_response_is_500(returned: object, serve: Serve) -> None:
    async def handler(_: web.Request) -> web.Response:
        return cast("web.Response", returned)

    async with serve(serving(get={"/": handler})) as running:
        assert (await (await running.connect()).get("/")).status == 500
        assert "level=error" in running.logged.getvalue()


async def test_a_handler_that_gives_itself_up_is_503(serve: Serve) -> None:
    async def gives_up(_: web.Request) -> web.Response:
        raise asyncio.CancelledError

    async with serve(serving(get={"/": gives_up})) as running:
        assert (await (await running.connect()).get("/")).status == 503


async def test_middlewares_and_sub_applications_are_aiohttps_own(serve: Serve) -> None:
    @web.middleware
    async def shout(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        assert isinstance(response, web.Response)
        return web.Response(text=str(response.text).upper())

    site = web.Application(middlewares=[shout])
    site.add_subapp("/below", serving(get={"/": echo_query}))
    async with serve(site) as running:
        answer = await (await running.connect()).get("/below/?x")
        assert (answer.text, answer.headers["server"]) == ("HELLO X", "pillion")


async def test_one_request_more_than_may_be_in_flight_is_503(
    site: web.Application, slow: Slow, serve: Serve
) -> None:
    site.router.add_get("/-/healthy", answering("healthy"))
    async with serve(site, limits=Limits(requests=2)) as running:
        clients = [await running.connect() for _ in range(3)]
        for client in clients[:2]:
            await client.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
        await slow.until_started(2)
        answer = await clients[2].get("/slow")
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert (await clients[2].get("/-/healthy")).status == 200
        slow.let_go.set()
        assert (await clients[0].answer()).status == 200
        assert (await clients[2].get("/slow")).status == 200


async def test_answers_that_take_no_time_are_not_counted_against_the_bound(serve: Serve) -> None:
    async with serve(serving(get={"/": echo_query}), limits=Limits(requests=1)) as running:
        clients = [await running.connect() for _ in range(20)]
        answers = await asyncio.gather(*(client.get("/") for client in clients))
        assert {answer.status for answer in answers} == {200}


class TestClose:
    async def test_requests_in_flight_are_finished_and_idle_connections_closed(
        self, site: web.Application, slow: Slow, serve: Serve
    ) -> None:
        async with serve(site) as running:
            idle, busy = await running.connect(), await running.connect()
            await idle.get("/")
            await busy.send(
                b"GET /slow?x HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"
            )
            await slow.until_started(1)
            closing = asyncio.create_task(running.server.close(grace=10))
            assert await idle.is_closed()
            slow.let_go.set()
            answer = await busy.answer()
            assert (answer.text, answer.headers["connection"]) == ("slow x", "close")
            assert await busy.is_closed()
            await closing

    async def test_what_outlasts_the_grace_is_cut(
        self, site: web.Application, slow: Slow, serve: Serve
    ) -> None:
        async with serve(site) as running:
            client = await running.connect()
            await client.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
            await slow.until_started(1)
            await running.server.close(grace=0)
            assert await client.is_closed()
            await slow.until_cancelled()

    async def test_nothing_more_is_accepted(self, site: web.Application, serve: Serve) -> None:
        async with serve(site) as running:
            port = running.port
            await running.server.close(grace=0)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)

    async def test_no_task_is_left(self, site: web.Application, serve: Serve) -> None:
        async with serve(site) as running:
            for _ in range(5):
                await running.connect()
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_start_fails_with_the_address_and_the_reason(
    site: web.Application, serve: Serve
) -> None:
    async with serve(site) as running:
        taken = Address("127.0.0.1", running.port)
        sentence = f"cannot listen on 127.0.0.1:{running.port}: address already in use"
        with pytest.raises(ConfigurationError, match=f"^{sentence}$"):
            async with serve(web.Application(), listen=(Address("", 0), taken)):
                pass
