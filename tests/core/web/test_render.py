"""A response as bytes."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.web import Response
from pillion.web.render import accepts_gzip, http_date, render

LONG = "metric 1\n" * 1000


def test_a_response_is_rendered_whole() -> None:
    assert render(Response("hi\n", headers=(("X-A", "1"),)), "today") == (
        b"HTTP/1.1 200 OK\r\nDate: today\r\nContent-Length: 3\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\nX-A: 1\r\n\r\nhi\n"
    )


def test_head_tells_the_length_and_leaves_the_body_out() -> None:
    data = render(Response("hi\n"), "today", is_head=True)
    assert b"Content-Length: 3\r\n" in data
    assert data.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_none_and_no_length(status: int) -> None:
    data = render(Response("ignored", status), "today")
    assert b"Content-Length" not in data
    assert data.endswith(b"\r\n\r\n")


def test_a_long_body_is_deflated_where_the_client_takes_it() -> None:
    head, _, body = render(Response(LONG), "today", "", "br, gzip;q=0.5").partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip\r\n" in head + b"\r\n"
    assert b"Vary: Accept-Encoding" in head
    assert f"Content-Length: {len(body)}".encode() in head
    assert zlib.decompress(body, wbits=31).decode() == LONG


def test_a_short_body_and_one_that_is_not_asked_for_deflated_stay_plain() -> None:
    assert b"gzip" not in render(Response("short"), "today", "", "gzip")
    assert render(Response(LONG), "today").endswith(LONG.encode())


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


def test_the_servers_headers_win_over_the_responses_own() -> None:
    data = render(
        Response("x", headers=(("x-frame-options", "mine"),)),
        "today",
        headers=(("X-Frame-Options", "deny"),),
    )
    assert b"X-Frame-Options: deny" in data
    assert b"mine" not in data


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\rb", "\u4e00"])
def test_a_header_that_would_break_the_message_is_refused(value: str) -> None:
    with pytest.raises(ValueError):
        render(Response(headers=(("Location", value),)), "today")


def test_the_date_is_that_of_the_rfc() -> None:
    assert http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT"


@given(st.text(max_size=200))
def test_any_accept_encoding_gives_an_answer(header: str) -> None:
    assert accepts_gzip(header) in (True, False)
