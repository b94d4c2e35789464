"""The HTTP/1.1 client against answers that come byte for byte as a test wants them."""

from __future__ import annotations

import asyncio
import gc
import socket
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.net import Head, Http1, NetworkError, Stream, encode
from pillion.net.lenient import LenientHead

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 4\r\n"


class Conversation:
    """A stream whose other side is a socket of the test."""

    def __init__(self, head_limit: int = 1024 * 1024) -> None:
        ours, self.other = socket.socketpair()
        ours.settimeout(0)
        self.stream = Stream(ours)
        self.http = Http1(self.stream, head_limit=head_limit)

    async def answer(self, *pieces: bytes, method: str = "GET", ends: bool = True) -> Head:
        asking = asyncio.ensure_future(self.http.send(encode(method, "/", []), method))
        for piece in pieces:
            await asyncio.sleep(0)
            self.other.sendall(piece)
        if ends:
            self.other.shutdown(socket.SHUT_WR)
        return await asking

    def close(self) -> None:
        self.stream.close()
        self.other.close()


async def read(*pieces: bytes, method: str = "GET") -> tuple[Head, bytes]:
    conversation = Conversation()
    try:
        head = await conversation.answer(*pieces, method=method)
        return head, await conversation.http.read_all(1024)
    finally:
        conversation.close()


async def refused(*pieces: bytes) -> NetworkError:
    with pytest.raises(NetworkError) as caught:
        await read(*pieces)
    return caught.value


def test_a_request_is_written_as_it_is_given() -> None:
    written = encode("POST", "/a?b", [("Host", "h"), ("X", "1"), ("X", "ä")], b"body")
    assert written == "POST /a?b HTTP/1.1\r\nHost: h\r\nX: 1\r\nX: ä\r\n\r\nbody".encode()


@pytest.mark.parametrize(
    "answer",
    [
        OK + LENGTH + b"\r\npage",
        OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\npage\r\n0\r\nTrailer: x\r\n\r\n",
        OK + b"\r\npage",
        b"HTTP/1.1 103 Early\r\nLink: <a>\r\n\r\n" + OK + LENGTH + b"\r\npage",
    ],
    ids=["length", "chunked", "until the end", "after an interim response"],
)
async def test_content_is_read_however_it_is_framed(answer: bytes) -> None:
    assert (await read(answer))[1] == b"page"
    assert (await read(*(answer[at : at + 1] for at in range(len(answer)))))[1] == b"page"


@pytest.mark.parametrize(
    ("answer", "version", "name", "value"),
    [
        (b"HTTP/1.1 200 OK\nX-Y: z\nContent-Length: 4\n\npage", "HTTP/1.1", "x-y", "z"),
        (OK + LENGTH + LENGTH + b"\r\npage", "HTTP/1.1", "content-length", "4"),
        (OK + b"X-Y: a\r\n  b\r\n" + LENGTH + b"\r\npage", "HTTP/1.1", "x-y", "a b"),
        (OK + b"X-Y : z\r\n" + LENGTH + b"\r\npage", "HTTP/1.1", "x-y ", "z"),
        (b"HTTP/1.9 200 OK\r\n" + LENGTH + b"\r\npage", "HTTP/1.9", "content-length", "4"),
        (
            OK + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\n0\r\n\r\n",
            "HTTP/1.1",
            "transfer-encoding",
            "chunked",
        ),
        (b"HTTP/1.1 103 E\r\nA : b\r\n\r\n" + OK + LENGTH + b"\r\npage", "HTTP/1.1", "a", None),
    ],
    ids=["LF", "two lengths", "folded", "blank", "version", "length and chunked", "interim"],
)
async def test_what_go_reads_is_read(
    answer: bytes, version: str, name: str, value: str | None
) -> None:
    for pieces in ([answer], [answer[at : at + 1] for at in range(len(answer))]):
        head, body = await read(*pieces)
        assert (head.version, head.get(name), body) == (version, value, b"page")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "the answer is not HTTP: it begins with 'SSH-2.0-OpenSSH'"),
        (b"\x16\x03", "the answer is not HTTP: it begins with '\\x16\\x03'"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "the answer is not HTTP: it begins with 'HTTP/1.1 20 OK'"),
        (OK + b"none\r\n", "invalid header 'none'"),
        (OK + b" folded\r\n", "invalid header ' folded'"),
        (OK + b"A: \x01\r\n", "control character in the header 'A: \\x01'"),
        (OK + LENGTH + b"Content-Length: 5\r\n\r\n", "2 different Content-Length headers"),
        (OK + b"Content-Length: -1\r\n\r\n", "invalid Content-Length '-1'"),
        (
            OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "unsupported Transfer-Encoding 'gzip, chunked'",
        ),
        (OK + b"A: b\r\n" * 10_001 + b"\r\n", "there are more than 10000 headers"),
    ],
)
async def test_what_go_refuses_is_refused(answer: bytes, sentence: str) -> None:
    error = await refused(answer)
    assert (error.reason, str(error)) == ("protocol", sentence)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"", "the server ended the connection without an answer"),
        (b"HTTP/1.1 2", "the server ended the connection in the middle of its headers"),
        (OK + b"A : b\r\n", "the server ended the connection in the middle of its headers"),
        (OK + LENGTH + b"\r\npag", "the server ended the connection before the content did"),
        (
            OK + b"A : b\r\n" + LENGTH + b"\r\npag",
            "the server ended the connection before the content did",
        ),
    ],
)
async def test_an_answer_that_is_cut_short_is_closed(answer: bytes, sentence: str) -> None:
    error = await refused(answer)
    assert (error.reason, str(error)) == ("closed", sentence)


@pytest.mark.parametrize("blank", [b"", b" "], ids=["strict", "lenient"])
async def test_a_head_has_a_limit(blank: bytes) -> None:
    conversation = Conversation(head_limit=100_000)
    line = b"A" + blank + b": " + b"x" * 1000 + b"\r\n"
    with pytest.raises(NetworkError, match="the headers are longer than 100000 bytes") as caught:
        await conversation.answer(OK, *[line * 20] * 6)
    conversation.close()
    assert caught.value.reason == "too_large"


@pytest.mark.parametrize("interim", [b"HTTP/1.1 100 C\r\n\r\n", b"HTTP/1.1 100 C\n\n"])
async def test_interim_responses_count_towards_it(interim: bytes) -> None:
    conversation = Conversation(head_limit=10_000)
    with pytest.raises(NetworkError, match="the headers are longer than 10000 bytes"):
        await conversation.answer(*[interim * 100] * 10)
    conversation.close()


async def test_a_head_is_read_though_the_content_is_broken() -> None:
    conversation = Conversation()
    head = await conversation.answer(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\n")
    assert head.status == 200
    assert await conversation.http.read() == b"hi"
    with pytest.raises(NetworkError, match="the answer breaks HTTP"):
        await conversation.http.read()
    conversation.close()


async def test_content_has_a_limit() -> None:
    error = await refused(OK + b"\r\n" + b"x" * 1025)
    assert (error.reason, str(error)) == ("too_large", "the content is longer than 1024 bytes")


@pytest.mark.parametrize("status", ["204 N", "304 N"])
async def test_some_answers_have_no_content(status: str) -> None:
    assert (await read(f"HTTP/1.1 {status}\r\n\r\nmore".encode()))[1] == b""
    assert (await read(OK + LENGTH + b"\r\n", method="HEAD"))[1] == b""


@pytest.mark.parametrize(
    ("method", "head"),
    [
        ("GET", b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
        ("GET", b"HTTP/1.1 101 S\r\nUpgrade : x\r\nConnection: upgrade\r\n\r\n"),
        ("CONNECT", b"HTTP/1.1 200 OK\r\n\r\n"),
        ("CONNECT", b"HTTP/1.1 200 OK\n\n"),
    ],
)
async def test_what_comes_behind_an_upgrade_is_kept(method: str, head: bytes) -> None:
    conversation = Conversation()
    await conversation.answer(head + b"first bytes", method=method, ends=False)
    assert conversation.http.upgraded == b"first bytes"
    conversation.close()


async def test_a_connection_is_used_again() -> None:
    conversation = Conversation()
    for body in (b"page", b"more"):
        await conversation.answer(OK + LENGTH + b"\r\n" + body, ends=False)
        assert await conversation.http.read_all(10) == body
        assert conversation.http.is_reusable
    conversation.close()


@pytest.mark.parametrize(
    "answer",
    [
        OK + LENGTH + b"Connection: close\r\n\r\npage",
        b"HTTP/1.0 200 OK\r\n" + LENGTH + b"\r\npage",
        OK + LENGTH + b"\r\npage" + OK,
        OK + LENGTH + LENGTH + b"\r\npage",
    ],
    ids=["close", "1.0", "unasked", "lenient"],
)
async def test_a_connection_that_may_end_or_is_out_of_step_is_not(answer: bytes) -> None:
    conversation = Conversation()
    await conversation.answer(answer, ends=False)
    assert await conversation.http.read_all(10) == b"page"
    assert not conversation.http.is_reusable
    conversation.close()


async def test_a_connection_that_ended_while_it_was_idle_is_known_to_have() -> None:
    conversation = Conversation()
    await conversation.answer(OK + LENGTH + b"\r\npage", ends=False)
    await conversation.http.read_all(10)
    conversation.other.close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not conversation.http.is_reusable
    conversation.close()


async def test_a_reader_that_is_closed_is_gone_without_the_collector() -> None:
    """Its parser calls it back: what they hold together would pile up from probe to probe."""
    conversation = Conversation()
    await conversation.answer(OK + LENGTH + b"\r\npage")
    reader = weakref.ref(conversation.http)
    gc.disable()
    try:
        conversation.http.close()
        conversation.close()
        del conversation
        assert reader() is None
    finally:
        gc.enable()


async def test_an_aborted_stream_says_why_to_whoever_waits() -> None:
    conversation = Conversation()
    asking = asyncio.ensure_future(conversation.http.send(b"GET / HTTP/1.1\r\n\r\n"))
    await asyncio.sleep(0)
    conversation.stream.abort(NetworkError("timeout", "too late"))
    with pytest.raises(NetworkError, match="too late"):
        await asking
    conversation.close()


async def test_each_phase_leaves_its_moment() -> None:
    conversation = Conversation()
    head = await conversation.answer(OK + LENGTH + b"\r\n", ends=False)
    assert head.received_at == conversation.http.received_at
    conversation.other.sendall(b"page")
    await conversation.http.read_all(10)
    assert conversation.http.received_at > head.received_at
    conversation.close()


@given(st.binary(max_size=200), st.integers(1, 50))
def test_no_bytes_break_the_lenient_head(data: bytes, size: int) -> None:
    head = LenientHead()
    try:
        for at in range(0, len(data), size):
            if found := head.feed(b"HTTP/1.1 200 X\r\n" * (at == 0) + data[at : at + size], 0.0):
                assert found.status == 200
                break
    except NetworkError as error:
        assert error.reason == "protocol"
