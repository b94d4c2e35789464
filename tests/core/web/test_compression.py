"""gzip on request."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from pillion.web.compression import accepts_gzip
from tests.core.web.handlers import answering, serving

if TYPE_CHECKING:
    from tests.core.web.conftest import Serve

LONG = "metric 1\n" * 1000


async def test_a_long_body_is_deflated_where_the_client_takes_it(serve: Serve) -> None:
    async with serve(serving(get={"/": answering(LONG)})) as running:
        answer = await (await running.connect()).get("/", Accept_Encoding="br, gzip;q=0.5")
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert zlib.decompress(answer.body, wbits=31).decode() == LONG


async def test_a_short_body_and_one_that_is_not_asked_for_deflated_stay_plain(serve: Serve) -> None:
    async with serve(serving(get={"/short": answering("short"), "/": answering(LONG)})) as running:
        client = await running.connect()
        assert (await client.get("/short", Accept_Encoding="gzip")).text == "short"
        assert (await client.get("/")).text == LONG


async def test_what_is_encoded_already_is_not_encoded_again(serve: Serve) -> None:
    async def encoded(_: web.Request) -> web.Response:
        return web.Response(body=LONG.encode(), headers={"Content-Encoding": "identity"})

    async with serve(serving(get={"/": encoded})) as running:
        answer = await (await running.connect()).get("/", Accept_Encoding="gzip")
        assert answer.headers["content-encoding"] == "identity"


@pytest.mark.parametrize(
    ("header", "answer"),
    [
        ("gzip", True),
        ("GZip", True),
        ("gzip, deflate, br", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=nonsense", False),
        ("identity", False),
        ("*", False),
        ("", False),
        ("notgzip", False),
    ],
)
def test_accept_encoding_is_weighed(header: str, *, answer: bool) -> None:
    assert accepts_gzip(header) is answer


@given(st.text(max_size=200))
def test_any_accept_encoding_gives_an_answer(header: str) -> None:
    assert accepts_gzip(header) in (True, False)
