"""What a client of the server sees when all is well, and when a handler is not."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, cast

import pytest

from pillion.errors import ConfigurationError
from pillion.settings import Address
from pillion.web import Limits, Request, Response, Routes

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from pillion.web import Handler
    from tests.core.web.conftest import Serve

LONG = "metric 1\n" * 1000


class Slow:
    """A handler whose answers wait until the test lets them go."""

    def __init__(self) -> None:
        self.started = 0
        self.cancelled = 0
        self.let_go = asyncio.Event()

    async def __call__(self, request: Request) -> Response:
        self.started += 1
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Response(f"slow {request.query}")

    async def until_started(self, count: int) -> None:
        async with asyncio.timeout(10):
            while self.started < count:
                await asyncio.sleep(0)


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def routes(slow: Slow) -> Routes:
    made = Routes()
    made.get("/", lambda request: Response(f"hello {request.query}"))
    made.get("/slow", slow)
    made.get("/long", lambda _: Response(LONG))
    made.post("/echo", lambda request: Response(request.body))
    return made


async def test_requests_on_one_connection_are_answered_one_after_the_other(
    routes: Routes, serve: Serve
) -> None:
    async with serve(routes) as running:
        client = await running.connect()
        for number in range(3):
            answer = await client.get(f"/?{number}")
            assert (answer.status, answer.text) == (200, f"hello {number}")
            assert "connection" not in answer.headers
            assert answer.headers["date"].endswith(" GMT")


async def test_pipelined_requests_are_answered_in_order_even_if_one_takes_time(
    routes: Routes, slow: Slow, serve: Serve
) -> None:
    async with serve(routes) as running:
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


async def test_many_pipelined_requests_are_all_answered(routes: Routes, serve: Serve) -> None:
    async with serve(routes) as running:
        client = await running.connect()
        sending = asyncio.create_task(client.send(b"GET /?x HTTP/1.1\r\nHost: h\r\n\r\n" * 5000))
        for _ in range(5000):
            assert (await client.answer()).text == "hello x"
        await sending


async def test_connection_close_is_honoured_and_told(routes: Routes, serve: Serve) -> None:
    async with serve(routes) as running:
        client = await running.connect()
        answer = await client.get("/", Connection="close")
        assert answer.headers["connection"] == "close"
        assert await client.is_closed()


async def test_http_1_0_is_closed_unless_it_asks_otherwise(routes: Routes, serve: Serve) -> None:
    async with serve(routes) as running:
        client = await running.connect()
        await client.send(b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
        assert (await client.answer()).headers["connection"] == "keep-alive"
        await client.send(b"GET / HTTP/1.0\r\n\r\n")
        assert (await client.answer()).headers["connection"] == "close"
        assert await client.is_closed()


async def test_a_client_that_offers_http2_is_answered_in_http_1_1(
    routes: Routes, serve: Serve
) -> None:
    offer = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    async with serve(routes) as running:
        said = await running.say(offer + b"HTTP2-Settings: AAMAAABk\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 200 OK")
        assert b"\r\nConnection: close\r\n" in said


async def test_head_is_answered_without_a_body(routes: Routes, serve: Serve) -> None:
    async with serve(routes) as running:
        client = await running.connect()
        await client.send(b"HEAD /long HTTP/1.1\r\nHost: h\r\n\r\n")
        answer = await client.answer(is_head=True)
        assert answer.headers["content-length"] == str(len(LONG))
        assert (await client.get("/?next")).text == "hello next"


async def test_a_long_answer_is_deflated_on_request(routes: Routes, serve: Serve) -> None:
    async with serve(routes) as running:
        client = await running.connect()
        assert (await client.get("/long")).text == LONG
        answer = await client.get("/long", Accept_Encoding="gzip")
        assert answer.headers["content-encoding"] == "gzip"
        assert zlib.decompress(answer.body, wbits=31).decode() == LONG


async def test_a_body_arrives_whole_however_it_is_framed(routes: Routes, serve: Serve) -> None:
    async with serve(routes) as running:
        client = await running.connect()
        head = b"POST /echo HTTP/1.1\r\nHost: h\r\n"
        body = b"x" * 100_000
        await client.send(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert (await client.answer()).body == body
        await client.send(head + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        assert (await client.answer()).body == b"abc"


async def test_a_client_that_expects_continue_is_told_to(routes: Routes, serve: Serve) -> None:
    async with serve(routes) as running:
        client = await running.connect()
        head = (
            b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        await client.send(head)
        assert (await client.answer()).status == 100
        await client.send(b"hi")
        assert (await client.answer()).body == b"hi"


async def test_continue_waits_for_the_answers_before_it(
    routes: Routes, slow: Slow, serve: Serve
) -> None:
    async with serve(routes) as running:
        client = await running.connect()
        await client.send(
            b"GET /slow?1 HTTP/1.1\r\nHost: h\r\n\r\n"
            b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        await slow.until_started(1)
        slow.let_go.set()
        assert (await client.answer()).text == "slow 1"
        assert (await client.answer()).status == 100


async def test_no_continue_for_a_body_that_is_refused(routes: Routes, serve: Serve) -> None:
    async with serve(routes) as running:
        said = await running.say(
            b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
        )
        assert said.startswith(b"HTTP/1.1 413 ")


async def test_a_client_may_close_its_half_after_its_requests(serve: Serve) -> None:
    routes = Routes()
    routes.get("/huge", lambda _: Response(b"x" * 10_000_000))
    async with serve(routes) as running:
        client = await running.connect()
        await client.send(b"GET /huge HTTP/1.1\r\nHost: h\r\n\r\n" * 2)
        client.writer.write_eof()
        for _ in range(2):
            assert len((await client.answer()).body) == 10_000_000
        assert await client.is_closed()


async def test_the_handler_is_cancelled_when_its_client_goes_away(
    routes: Routes, slow: Slow, serve: Serve
) -> None:
    async with serve(routes) as running:
        client = await running.connect()
        await client.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
        await slow.until_started(1)
        await client.close()
        async with asyncio.timeout(10):
            while not slow.cancelled:
                await asyncio.sleep(0)
        await running.until_connections(0)


def raises_at_once(_: Request) -> Response:
    raise LookupError("the password is swordfish")


async def raises_late(_: Request) -> Response:
    await asyncio.sleep(0)
    raise LookupError("the password is swordfish")


@pytest.mark.parametrize("handler", [raises_at_once, raises_late])
async def test_a_handlers_error_is_500_and_told_to_the_log_alone(
    handler: Handler, serve: Serve
) -> None:
    routes = Routes()
    routes.get("/x", handler)
    async with serve(routes) as running:
        client = await running.connect()
        for _ in range(2):
            answer = await client.get("/x")
            assert answer.status == 500
            assert "swordfish" not in answer.text
        assert "error=LookupError" in running.logged.getvalue()
        assert "path=/x" in running.logged.getvalue()


async def test_a_response_with_a_broken_header_is_500(serve: Serve) -> None:
    routes = Routes()
    routes.get("/", lambda _: Response(headers=(("Location", "/\r\nSet-Cookie: x"),)))
    async with serve(routes) as running:
        answer = await (await running.connect()).get("/")
        assert answer.status == 500
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("returned", ["text", None, 3])
@pytest.mark.parametrize("is_late", [True, False])
async def test_a_handler_that_returns_no_response_is_500(
    returned: object, serve: Serve, *, is_late: bool
) -> None:
    async def late(_: Request) -> Response:
        return cast("Response", returned)

    routes = Routes()
    routes.get("/", late if is_late else lambda _: cast("Response", returned))
    async with serve(routes) as running:
        assert (await (await running.connect()).get("/")).status == 500
        assert "level=error" in running.logged.getvalue()


async def test_a_handler_that_gives_itself_up_is_503(serve: Serve) -> None:
    async def gives_up(_: Request) -> Response:
        raise asyncio.CancelledError

    routes = Routes()
    routes.get("/", gives_up)
    async with serve(routes) as running:
        assert (await (await running.connect()).get("/")).status == 503


async def test_one_request_more_than_may_be_in_flight_is_503(
    routes: Routes, slow: Slow, serve: Serve
) -> None:
    async with serve(routes, limits=Limits(requests=2)) as running:
        clients = [await running.connect() for _ in range(3)]
        for client in clients[:2]:
            await client.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
        await slow.until_started(2)
        answer = await clients[2].get("/slow")
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert (await clients[2].get("/?at-once")).status == 200
        slow.let_go.set()
        assert (await clients[0].answer()).status == 200
        assert (await clients[2].get("/slow")).status == 200


class TestClose:
    async def test_requests_in_flight_are_finished_and_idle_connections_closed(
        self, routes: Routes, slow: Slow, serve: Serve
    ) -> None:
        async with serve(routes) as running:
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
        self, routes: Routes, slow: Slow, serve: Serve
    ) -> None:
        async with serve(routes) as running:
            client = await running.connect()
            await client.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
            await slow.until_started(1)
            await running.server.close(grace=0)
            assert await client.is_closed()
            async with asyncio.timeout(10):
                while not slow.cancelled:
                    await asyncio.sleep(0)

    async def test_nothing_more_is_accepted(self, routes: Routes, serve: Serve) -> None:
        async with serve(routes) as running:
            port = running.port
            await running.server.close(grace=0)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)

    async def test_no_task_is_left(self, routes: Routes, serve: Serve) -> None:
        async with serve(routes) as running:
            for _ in range(5):
                await running.connect()
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_awaitables_of_every_kind_are_answers(serve: Serve) -> None:
    def future(_: Request) -> Awaitable[Response]:
        made: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        made.set_result(Response("future"))
        return made

    routes = Routes()
    routes.get("/", future)
    async with serve(routes) as running:
        assert (await (await running.connect()).get("/")).text == "future"


async def test_start_fails_with_the_address_and_the_reason(routes: Routes, serve: Serve) -> None:
    async with serve(routes) as running:
        taken = Address("127.0.0.1", running.port)
        sentence = f"cannot listen on 127.0.0.1:{running.port}: address already in use"
        with pytest.raises(ConfigurationError, match=f"^{sentence}$"):
            async with serve(routes, listen=(Address("", 0), taken)):
                pass
