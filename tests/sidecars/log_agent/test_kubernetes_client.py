"""The client of the Kubernetes API: whole answers, lines as they come, and what goes wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pillion.errors import TransientError
from pillion_log_agent.kubernetes_api.client import ApiClient
from pillion_log_agent.network.endpoint import Endpoint
from tests.servers.nginx import free_port
from tests.servers.wire import Visit, response, serving

if TYPE_CHECKING:
    from tests.servers.wire import Serve

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def get(port: int, *, limit: int = 1000) -> tuple[int, bytes]:
    client = ApiClient(Endpoint("127.0.0.1", port))
    try:
        return await client.get("/api", {"Authorization": "Bearer t"}, timeout=5.0, limit=limit)
    finally:
        await client.close()


async def lines(serve: Serve, *, silence: float = 5.0, limit: int = 1000) -> list[bytes]:
    async with serving(serve) as port:
        client = ApiClient(Endpoint("127.0.0.1", port))
        try:
            found = client.lines("/watch", {}, silence=silence, limit=limit)
            return [line async for line in found]
        finally:
            await client.close()


async def test_a_server_that_is_not_there_is_told_in_the_systems_words() -> None:
    with pytest.raises(TransientError, match="cannot be reached: connection refused") as caught:
        await get(free_port())
    assert caught.value.reason == "refused"


async def test_a_connection_that_went_stale_costs_no_lookup() -> None:
    asked: list[int] = []

    async def serve(visit: Visit) -> None:
        await visit.read_request()
        asked.append(visit.number)
        await visit.write(response(b"{}"))
        # The server closes just as the second request is on its way.
        await visit.read_request()
        asked.append(visit.number)

    async with serving(serve) as port:
        client = ApiClient(Endpoint("127.0.0.1", port))
        for _ in range(2):
            assert await client.get("/api", {}, timeout=5.0, limit=10) == (200, b"{}")
        await client.close()
    assert asked[:3] == [1, 1, 2]


async def test_an_answer_that_is_too_long_is_not_kept() -> None:
    async def serve(visit: Visit) -> None:
        await visit.read_request()
        await visit.write(response(b"x" * 1001))
        await visit.wait_for_end()

    async with serving(serve) as port:
        with pytest.raises(TransientError, match="more than 1000 bytes"):
            await get(port)


async def test_lines_come_whole_however_they_are_cut() -> None:
    async def serve(visit: Visit) -> None:
        await visit.read_request()
        await visit.write(CHUNKED)
        for piece in (b'{"a"', b":1}\n{", b'"b":2}\n{"c":3}\n', b"rest"):
            await visit.write(chunk(piece))
            await asyncio.sleep(0)
        await visit.write(b"0\r\n\r\n")

    assert await lines(serve) == [b'{"a":1}', b'{"b":2}', b'{"c":3}']


async def test_a_line_that_has_no_end_ends_the_watch() -> None:
    async def serve(visit: Visit) -> None:
        await visit.read_request()
        await visit.write(CHUNKED + chunk(b"1\n") + chunk(b"x" * 2000))
        await visit.wait_for_end()

    assert await lines(serve) == [b"1"]


async def test_a_silent_server_ends_the_watch() -> None:
    async def serve(visit: Visit) -> None:
        await visit.read_request()
        await visit.write(CHUNKED + chunk(b"1\n"))
        await visit.wait_for_end()

    with pytest.raises(TransientError, match=r"was silent for 0\.05 s") as caught:
        await lines(serve, silence=0.05)
    assert caught.value.reason == "timeout"


async def test_a_watch_that_is_refused_has_the_status_for_a_reason() -> None:
    async def serve(visit: Visit) -> None:
        await visit.read_request()
        await visit.write(response(b"{}", "410 Gone"))

    with pytest.raises(TransientError) as caught:
        await lines(serve)
    assert caught.value.reason == "410"
