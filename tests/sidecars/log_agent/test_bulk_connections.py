"""The connection under bulk requests: kept alive, gone stale, answered early, oddly, or by half."""

from __future__ import annotations

import asyncio
import tracemalloc
from traceback import format_exception
from typing import TYPE_CHECKING

import pytest

from pillion.errors import TransientError
from pillion_log_agent.network.endpoint import Endpoint
from pillion_log_agent.outputs.http_client import HttpClient
from pillion_log_agent.outputs.output import TAKEN
from tests.servers.bulk_sink import bulk_sink
from tests.servers.nginx import free_port, nginx
from tests.servers.wire import Visit, response, serving
from tests.sidecars.log_agent.bulk_wire import (
    TAKEN_ALL,
    Request,
    answering,
    batch,
    output,
    sending,
    taken,
)

if TYPE_CHECKING:
    from pathlib import Path

HEAD = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(TAKEN_ALL)
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


async def test_requests_share_a_connection_that_is_kept_alive() -> None:
    async with answering() as server:
        one = output(server.port)
        for _ in range(3):
            assert await one.write([batch()]) == TAKEN
        await one.close()
    assert [request.connection for request in server.requests] == [1, 1, 1]


@pytest.mark.parametrize(
    "answer",
    [
        response(TAKEN_ALL, "200 OK", "Connection: close"),
        response(TAKEN_ALL).replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
    ids=["connection close", "version 1.0"],
)
async def test_a_connection_that_the_server_ends_is_not_used_again(answer: bytes) -> None:
    async with answering(answer) as server:
        one = output(server.port)
        for _ in range(2):
            assert await one.write([batch()]) == TAKEN
        await one.close()
    assert [request.connection for request in server.requests] == [1, 2]


async def test_a_connection_that_went_stale_costs_no_retry() -> None:
    async def answer(visit: Visit, request: Request) -> None:
        if request.connection == 1 and len(server.requests) == 2:
            await visit.close()
        else:
            await visit.write(response(TAKEN_ALL))

    async with answering(answer) as server:
        one = output(server.port)
        # The server closes just as the second request is on its way.
        for _ in range(3):
            assert await one.write([batch()]) == TAKEN
        await one.close()
    assert [request.connection for request in server.requests] == [1, 1, 2, 2]


async def test_a_server_that_closes_without_an_answer_each_time_is_in_trouble() -> None:
    async def answer(visit: Visit, request: Request) -> None:
        await visit.close()

    async with answering(answer) as server, sending(server.port) as one:
        with pytest.raises(TransientError, match="broke off before its answer") as caught:
            await one.write([batch()])
    assert caught.value.reason == "reset"
    assert len(server.requests) == 1


@pytest.mark.parametrize("is_at_once", [True, False])
async def test_an_answer_that_nobody_asked_for_ends_the_connection(*, is_at_once: bool) -> None:
    has_answered, has_written, has_closed = asyncio.Event(), asyncio.Event(), asyncio.Event()
    late = response(b"late", "408 Request Timeout")

    async def answer(visit: Visit, request: Request) -> None:
        await visit.write(response(TAKEN_ALL) + (late if is_at_once else b""))
        if request.connection == 1:
            await has_answered.wait()
            await visit.write(late)
            await asyncio.sleep(0)
            has_written.set()
            await visit.wait_for_end()
            has_closed.set()

    async with answering(answer) as server:
        one = output(server.port)
        assert await one.write([batch()]) == TAKEN
        has_answered.set()
        await has_written.wait()
        assert await one.write([batch()]) == TAKEN
        await has_closed.wait()
        await one.close()
    assert [request.connection for request in server.requests] == [1, 2]


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + LENGTH + b"\r\n" + TAKEN_ALL,
        HEAD + CHUNKED + b"4\r\n" + TAKEN_ALL[:4] + b"\r\n%x;a=b\r\n" % (len(TAKEN_ALL) - 4)
        + TAKEN_ALL[4:] + b"\r\n0\r\nTrailer: x\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + response(TAKEN_ALL),
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + response(TAKEN_ALL),
    ],
    ids=["length", "chunks", "100", "103"],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_an_answer_is_read_in_whatever_form_and_pieces_it_comes(
    answer: bytes, size: int
) -> None:
    async def in_pieces(visit: Visit, request: Request) -> None:
        for start in range(0, len(answer), size):
            await visit.write(answer[start : start + size])
            await asyncio.sleep(0)

    async with answering(in_pieces) as server:
        one = output(server.port)
        for _ in range(2):
            assert await one.write([batch()]) == TAKEN
        await one.close()
    assert [request.connection for request in server.requests] == [1, 1]


async def test_an_answer_without_length_or_chunks_ends_with_the_connection() -> None:
    async def answer(visit: Visit, request: Request) -> None:
        await visit.write(HEAD + b"\r\n" + TAKEN_ALL)
        await visit.close()

    async with answering(answer) as server:
        one = output(server.port)
        assert await one.write([batch()]) == TAKEN
        await one.close()


@pytest.mark.parametrize(
    "half",
    [
        b"HTTP/1.1 200",
        HEAD + LENGTH,
        HEAD + LENGTH + b"\r\n" + TAKEN_ALL[:-1],
        HEAD + CHUNKED + b"4\r\n" + TAKEN_ALL[:4],
        HEAD + CHUNKED + b"%x\r\n" % len(TAKEN_ALL) + TAKEN_ALL + b"\r\n",
    ],
    ids=["status", "headers", "body", "chunk", "no last chunk"],
)
async def test_half_an_answer_is_none(half: bytes) -> None:
    async def answer(visit: Visit, request: Request) -> None:
        await visit.write(half)
        await visit.close()

    async with answering(answer) as server, sending(server.port) as one:
        with pytest.raises(TransientError, match="broke off before its answer was whole"):
            await one.write([batch()])


async def test_what_is_no_http_is_told_apart() -> None:
    async with answering(b"SSH-2.0-OpenSSH_9.2\r\n") as server, sending(server.port) as one:
        with pytest.raises(TransientError, match="answered what is no HTTP") as caught:
            await one.write([batch()])
    assert caught.value.reason == "protocol"


async def test_a_server_that_is_not_there_is_told_in_the_systems_words() -> None:
    port = free_port()
    async with sending(port, http_user="u", http_passwd="hunter2") as one:
        with pytest.raises(TransientError) as caught:
            await one.write([batch()])
    whom = f"http://127.0.0.1:{port}"
    assert str(caught.value) == f"{whom} cannot be reached: connection refused"
    assert caught.value.reason == "refused"
    # What is shown of an exception that nobody expected has no secret in it either.
    assert "hunter2" not in "".join(format_exception(caught.value))


async def test_a_handshake_that_takes_too_long_is_a_timeout() -> None:
    async def answer(visit: Visit) -> None:
        await visit.wait_for_end()

    async with (
        serving(answer) as port,
        sending(port, tls=True, net_connect_timeout=0.05) as one,
    ):
        with pytest.raises(TransientError, match="cannot be reached: timeout") as caught:
            await one.write([batch()])
    assert caught.value.reason == "timeout"


async def test_silence_ends_after_the_timeout() -> None:
    async def answer(visit: Visit, request: Request) -> None:
        await visit.wait_for_end()

    async with (
        answering(answer) as server,
        sending(server.port, response_timeout=0.05) as one,
    ):
        with pytest.raises(TransientError, match=r"did not answer within 0\.05 s"):
            await one.write([batch()])


@pytest.mark.parametrize(
    ("begin", "end"),
    [(b"Content-Length: 1001\r\n\r\n", b""), (CHUNKED + b"3e9\r\n", b"\r\n0\r\n\r\n")],
)
async def test_an_answer_that_is_too_long_is_not_kept(begin: bytes, end: bytes) -> None:
    # It ends in the same breath in which it grows too long.
    async with answering(HEAD + begin + b"x" * 1001 + end) as server:
        client = HttpClient(Endpoint("127.0.0.1", server.port), {})
        with pytest.raises(TransientError, match="more than 1000 bytes") as caught:
            await client.request("POST", "/", [b"x"], timeout=5.0, limit=1000)
        await client.close()
    assert caught.value.reason == "too_large"


async def test_an_answer_in_tiny_chunks_takes_no_more_room_than_its_bytes() -> None:
    count = 200_000

    async def answer(visit: Visit, request: Request) -> None:
        await visit.write(HEAD + CHUNKED)
        for _ in range(20):
            await visit.write(b"2\r\nxx\r\n" * (count // 20))
        await visit.write(b"0\r\n\r\n")

    async with answering(answer) as server:
        client = HttpClient(Endpoint("127.0.0.1", server.port), {})
        tracemalloc.start()
        try:
            answered = await client.request("POST", "/", [b"x"], timeout=30.0)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        await client.close()
    assert len(answered.body) == 2 * count
    # A list of the pieces would be 8 MB; what is in the sockets' buffers on both sides is most.
    assert peak < 6_000_000


async def test_a_request_that_is_answered_before_it_is_sent_does_not_spoil_the_next() -> None:
    """A server that says 413 to the head of a request, and would keep the connection."""
    requests: list[str] = []

    async def answer(visit: Visit) -> None:
        while True:
            head = await visit.read_request()
            requests.append(f"{visit.number} {head.split()[0]}")
            if len(requests) == 1:
                await visit.write(response(b"", "413 Payload Too Large"))
                await visit.wait_for_end()
                return
            await visit.read_body(head)
            await visit.write(response(TAKEN_ALL))

    async with serving(answer) as port:
        client = HttpClient(Endpoint("127.0.0.1", port), {})
        large = b"x" * 20_000_000
        first = await client.request("POST", "/", [large], timeout=10.0)
        second = await client.request("POST", "/", [b"small"], timeout=10.0)
        await client.close()
    assert (first.status, second.status) == (413, 200)
    assert requests == ["1 POST", "2 POST"]


async def test_what_comes_before_the_answer_does_not_end_the_sending() -> None:
    async def answer(visit: Visit) -> None:
        head = await visit.read_request()
        await visit.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await visit.read_body(head)
        await visit.write(response(b"%d" % len(body)))

    async with serving(answer) as port:
        client = HttpClient(Endpoint("127.0.0.1", port), {})
        body = [b"x" * 3_000_000, b"x" * 5_000_000]
        answered = await client.request("POST", "/", body, timeout=10.0)
        await client.close()
    assert answered.body == b"8000000"


async def test_a_server_that_fails_while_a_request_is_split_is_asked_no_more() -> None:
    answers = [
        response(b"", "413 Payload Too Large"),
        response(taken(4)),
        response(b"", "413 Payload Too Large"),
        response(b"", "503 Service Unavailable", "Retry-After: 7"),
    ]

    async def answer(visit: Visit, request: Request) -> None:
        await visit.write(answers[len(server.requests) - 1])

    async with answering(answer) as server:
        one = output(server.port)
        outcome = await one.write([batch(8)])
        await one.close()
    assert [request.records() for request in server.requests] == [8, 4, 4, 2]
    assert sorted(outcome.again) == [(0, 4), (0, 5), (0, 6), (0, 7)]
    assert outcome.after == 7
    assert "503" in outcome.cause
    assert not outcome.rejected


async def test_what_a_proxy_finds_too_large_is_split_until_it_fits(tmp_path: Path) -> None:
    with bulk_sink() as sink:
        block = (
            "server { listen 127.0.0.1:{port}; client_max_body_size 20k; "
            f"location / {{ proxy_pass http://127.0.0.1:{sink.port}; }} }}"
        )
        with nginx(tmp_path, block) as proxy:
            one = output(proxy.port)
            outcome = await one.write([batch(2000), batch(1, text="x" * 30_000), batch(5)])
            await one.close()
        assert sink.counts()["taken"] == 2000
    ((rejected),) = outcome.rejected
    assert (rejected.batch, rejected.index, rejected.reason) == (1, 0, "too_large")
    assert "413" in rejected.detail
    assert not outcome.again
