"""Bytes in, requests or a refusal out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.web import Limits
from pillion.web.reader import Ledger, Reader, Stage

HEAD = b"GET / HTTP/1.1\r\nHost: h\r\n"
POST = b"POST / HTTP/1.1\r\nHost: h\r\n"


def read(*pieces: bytes, limits: Limits | None = None) -> Reader:
    limits = limits or Limits()
    reader = Reader(limits, Ledger(limits.bodies_size), "peer")
    for piece in pieces:
        reader.feed(piece)
    return reader


def refusal(*pieces: bytes, limits: Limits | None = None) -> int | None:
    refused = read(*pieces, limits=limits).refusal
    return None if refused is None else refused.status


def test_a_request_is_read_whole() -> None:
    reader = read(
        b"POST /a%20b?x=1&y HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nContent-Length: 3\r\n\r\nabc"
    )
    request = reader.arrivals[0].request
    assert (request.method, request.path, request.query) == ("POST", "/a b", "x=1&y")
    assert request.headers == {"host": "h", "x-a": "1", "content-length": "3"}
    assert (request.body, request.peer) == (b"abc", "peer")


def test_a_chunked_body_is_joined_and_its_trailers_are_dropped() -> None:
    reader = read(
        POST
        + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nHost: evil\r\n\r\n"
    )
    request = reader.arrivals[0].request
    assert request.body == b"abcde"
    assert request.headers["host"] == "h"


def test_a_header_that_is_sent_twice_is_joined() -> None:
    request = read(HEAD + b"Accept: a\r\naccept: b\r\n\r\n").arrivals[0].request
    assert request.headers["accept"] == "a, b"


def test_the_absolute_form_of_a_target_gives_its_path() -> None:
    request = read(b"GET http://h:1/x?y=1 HTTP/1.1\r\nHost: h\r\n\r\n").arrivals[0].request
    assert (request.path, request.query) == ("/x", "y=1")
    assert read(b"GET http://h HTTP/1.1\r\nHost: h\r\n\r\n").arrivals[0].request.path == "/"


def test_pipelined_requests_arrive_in_order() -> None:
    reader = read(b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % n for n in range(5)))
    assert [arrival.request.path for arrival in reader.arrivals] == ["/0", "/1", "/2", "/3", "/4"]


@pytest.mark.parametrize(
    ("data", "keep_alive", "is_finished"),
    [
        (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", True, False),
        (b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", False, True),
        (b"GET / HTTP/1.0\r\n\r\n", False, True),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True, False),
        (b"GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", False, True),
    ],
)
def test_the_client_says_whether_another_request_follows(
    data: bytes, *, keep_alive: bool, is_finished: bool
) -> None:
    reader = read(data)
    assert reader.arrivals[0].keep_alive is keep_alive
    assert reader.is_finished is is_finished


def test_what_follows_the_last_request_is_not_read() -> None:
    reader = read(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\n\r\n")
    assert len(reader.arrivals) == 1
    assert reader.refusal is None


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        HEAD + b"Host: other\r\n\r\n",
        HEAD + b"X : 1\r\n\r\n",
        HEAD + b"X: 1\r\n folded\r\n\r\n",
        HEAD + b"X: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\nHost: h\n\n",
        POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        POST + b"Content-Length: 3, 3\r\n\r\nabc",
        POST + b"Content-Length: +3\r\n\r\nabc",
        POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_what_is_malformed_or_ambiguous_is_refused(data: bytes) -> None:
    reader = read(data)
    assert reader.refusal is not None
    assert reader.refusal.status == 400
    assert not reader.arrivals


@pytest.mark.parametrize("version", [b" HTTP/2.0", b" HTTP/0.9", b""])
def test_other_versions_are_refused_by_name(version: bytes) -> None:
    assert refusal(b"GET /" + version + b"\r\nHost: h\r\n\r\n") in (400, 505)


def test_an_unknown_expectation_is_refused() -> None:
    assert refusal(POST + b"Expect: pigs\r\nContent-Length: 1\r\n\r\n") == 417


def test_a_client_that_waits_for_continue_is_noticed() -> None:
    reader = read(POST + b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\n")
    waited = reader.awaits_continue
    reader.feed(b"x")
    assert (waited, reader.awaits_continue) == (True, False)
    assert reader.arrivals[0].request.body == b"x"


class TestBounds:
    limits = Limits(head_size=200, header_count=5, body_size=100, bodies_size=150)

    def test_headers_up_to_the_limit_are_read(self) -> None:
        filler = b"X: " + b"a" * (200 - 1 - 9 - 5) + b"\r\n"
        assert refusal(HEAD + filler + b"\r\n", limits=self.limits) is None
        assert refusal(HEAD + filler.replace(b"aa", b"aaa", 1) + b"\r\n", limits=self.limits) == 431

    @pytest.mark.parametrize(
        "data",
        [
            b"GET /" + b"a" * 300,
            HEAD + b"X: " + b"a" * 300,
            HEAD + b"X" * 300,
            HEAD + b"A: b\r\n" * 6,
            POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 300,
            POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"a" * 300,
            b"\r\n" * 150,
        ],
    )
    def test_a_head_that_grows_without_end_is_refused_before_its_end(self, data: bytes) -> None:
        pieces = [data[at : at + 7] for at in range(0, len(data), 7)]
        assert refusal(*pieces, limits=self.limits) == 431

    def test_a_body_that_is_announced_too_large_is_refused_at_once(self) -> None:
        assert refusal(POST + b"Content-Length: 101\r\n\r\n", limits=self.limits) == 413

    def test_a_chunked_body_is_refused_where_it_grows_too_large(self) -> None:
        head = POST + b"Transfer-Encoding: chunked\r\n\r\n"
        assert refusal(head + b"32\r\n" + b"a" * 50 + b"\r\n", limits=self.limits) is None
        assert refusal(head + b"65\r\n" + b"a" * 101, limits=self.limits) == 413

    def test_all_bodies_together_are_bounded_and_given_back(self) -> None:
        ledger = Ledger(self.limits.bodies_size)
        body = POST + b"Content-Length: 90\r\n\r\n" + b"a" * 90
        first, second = (Reader(self.limits, ledger, "peer") for _ in range(2))
        first.feed(body)
        second.feed(body)
        assert second.refusal is not None
        assert second.refusal.status == 503
        second.close()
        assert ledger.held == 90
        first.close()
        assert ledger.held == 0


VALID = (
    b"GET /first?a=b HTTP/1.1\r\nHost: h\r\nAccept:\r\nX: 1\r\n\r\n"
    b"POST /second HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
    b"POST /third HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"4;x=y\r\nwiki\r\n5\r\npedia\r\n0\r\nT: 1\r\n\r\n"
    b"GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
)


@given(st.lists(st.integers(0, len(VALID)), max_size=40))
def test_any_split_of_valid_requests_gives_the_same(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(VALID)]
    reader = read(*[VALID[start:end] for start, end in pairwise(edges)])
    assert list(reader.arrivals) == list(read(VALID).arrivals)
    assert len(reader.arrivals) == 4


FRAGMENTS = st.sampled_from(
    [
        *[VALID[at : at + 9] for at in range(0, len(VALID), 9)],
        b"\r\n",
        b"\r\n\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Upgrade: x\r\nConnection: upgrade\r\n",
        b"Expect: 100-continue\r\n",
        HEAD,
        POST,
    ]
)


@given(st.lists(st.one_of(st.binary(max_size=30), FRAGMENTS), max_size=30))
def test_any_bytes_give_requests_or_one_refusal_and_nothing_is_kept(pieces: list[bytes]) -> None:
    limits = Limits(head_size=500, body_size=50)
    ledger = Ledger(limits.bodies_size)
    reader = Reader(limits, ledger, "peer")
    for piece in pieces:
        reader.feed(piece)
    assert reader.refusal is None or reader.is_finished
    assert reader.stage in Stage
    reader.close()
    assert ledger.held == 0
