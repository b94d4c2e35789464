"""The gRPC prober against servers that answer wrongly, or that abuse HTTP/2."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING

import pytest

from tests.exporters.blackbox.probed import Probed, probed
from tests.servers.http2 import Session, http2_server

if TYPE_CHECKING:
    from tests.servers.http2 import Serve

SERVING = b"\0\0\0\0\2\x08\1"
WELL = [("grpc-status", "0")]


async def asked(serve: Serve, timeout: float = 2.0) -> Probed:
    async with http2_server(serve) as target:
        return await probed(target, "prober: grpc", timeout=timeout)


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return (
        struct.pack("!I", len(payload))[1:]
        + bytes((kind, flags))
        + struct.pack("!I", stream)
        + payload
    )


async def test_the_request_is_what_grpc_wants() -> None:
    seen: dict[str, str] = {}

    async def serve(session: Session) -> None:
        seen.update(session.headers)
        await session.answer(SERVING, trailers=WELL)

    found = await asked(serve)
    assert found.success, found.sentence
    assert seen[":method"] == "POST"
    assert seen[":path"] == "/grpc.health.v1.Health/Check"
    assert seen["te"] == "trailers"
    assert seen["content-type"] == "application/grpc"
    assert seen["grpc-timeout"].endswith("m")
    assert seen[":authority"].startswith("127.0.0.1:")


@pytest.mark.parametrize(
    ("body", "trailers", "reason", "status", "sentence"),
    [
        (b"", WELL, "protocol", 13, "the answer is shorter than the header of a message"),
        (b"\1\0\0\0\2\x08\1", WELL, "protocol", 13, "the answer is compressed, though no compression was offered"),
        (b"\0\0\0\0\x09\x08\1", WELL, "protocol", 13, "the answer has another length than it says"),
        (b"\0\0\0\0\1\x08", WELL, "protocol", 13, "the answer ends within a number"),
        (b"\0\0\0\0\1\x0f", WELL, "protocol", 13, "the answer has a field of the unknown kind 7"),
        (b"\0\0\0\0\2\x08\7", WELL, "health", 0, "the server is 7"),
        (b"\0\0\0\0\0", WELL, "health", 0, "the server is UNKNOWN"),
        (SERVING, [("grpc-status", "abc")], "protocol", 13, "the gRPC status 'abc' is not a number"),
        (SERVING, [("grpc-message", "x")], "protocol", 13, "the gRPC status '' is not a number"),
        (SERVING, [("grpc-status", "99")], "status", 99, "the gRPC status is 99 (99)"),
        (b"", [("grpc-status", "14"), ("grpc-message", "caf%C3%A9 %ZZ")], "status", 14, "the gRPC status is 14 (UNAVAILABLE): café %ZZ"),
        (b"x" * 20_000, WELL, "protocol", 8, "the message is longer than 16384 bytes"),
    ],
)  # fmt: skip
async def test_a_wrong_answer_is_named(
    body: bytes, trailers: list[tuple[str, str]], reason: str, status: int, sentence: str
) -> None:
    async def serve(session: Session) -> None:
        if len(body) > 16_000:
            session.h2.send_headers(1, [(":status", "200"), ("content-type", "application/grpc")])
            session.h2.send_data(1, body[:16_000])
            session.h2.send_data(1, body[16_000:])
            await session.flush()
        else:
            await session.answer(body, trailers=trailers)

    found = await asked(serve)
    assert (found.reason, found.sentence) == (reason, sentence)
    assert found.value("probe_grpc_status_code") == status


@pytest.mark.parametrize(
    ("http", "status"), [("404", 12), ("401", 16), ("403", 7), ("503", 14), ("500", 2), ("301", 2)]
)
async def test_an_http_status_stands_for_a_grpc_status(http: str, status: int) -> None:
    async def serve(session: Session) -> None:
        await session.answer(headers=[(":status", http)])

    found = await asked(serve)
    assert found.sentence == f"the answer has the HTTP status {http}"
    assert found.value("probe_grpc_status_code") == status


async def test_a_status_may_come_with_the_headers() -> None:
    async def serve(session: Session) -> None:
        kind = ("content-type", "application/grpc")
        await session.answer(headers=[(":status", "200"), kind, ("grpc-status", "7")])

    found = await asked(serve)
    assert found.sentence == "the gRPC status is 7 (PERMISSION_DENIED)"


async def test_another_content_type_is_no_grpc() -> None:
    async def serve(session: Session) -> None:
        await session.answer(b"hi", headers=[(":status", "200"), ("content-type", "text/html")])

    found = await asked(serve)
    assert found.sentence == "the answer has the content type 'text/html'"


async def test_an_answer_without_a_status_is_named() -> None:
    async def serve(session: Session) -> None:
        await session.answer(SERVING)

    found = await asked(serve)
    assert found.sentence == "the answer ended without a gRPC status"


@pytest.mark.parametrize(("code", "status"), [(7, 14), (8, 1), (11, 8), (2, 13)])
async def test_a_reset_stands_for_a_status(code: int, status: int) -> None:
    async def serve(session: Session) -> None:
        session.h2.reset_stream(1, code)
        await session.flush()

    found = await asked(serve)
    assert found.reason == "reset"
    assert found.value("probe_grpc_status_code") == status


async def test_goaway_ends_a_call_that_the_server_does_not_take() -> None:
    async def serve(session: Session) -> None:
        await session.visit.write(frame(7, 0, 0, struct.pack("!II", 0, 11)))

    found = await asked(serve)
    assert found.sentence == "the server ended the connection with HTTP/2's error 11"
    assert found.value("probe_grpc_status_code") == 14


async def test_goaway_of_a_server_that_drains_lets_the_call_end() -> None:
    async def serve(session: Session) -> None:
        await session.visit.write(frame(7, 0, 0, struct.pack("!II", 1, 0)))
        await session.answer(SERVING, trailers=WELL)

    found = await asked(serve)
    assert found.success, found.sentence


def floods() -> list[tuple[str, bytes]]:
    header = b"\x00\x01a\x7f\x80\x10" + b"b" * 2175
    return [
        ("settings", frame(4, 0, 0) * 100),
        ("pings", frame(6, 0, 0, b"x" * 8) * 100),
        ("window updates", frame(8, 0, 0, struct.pack("!I", 1)) * 100),
        ("empty content", frame(0, 0, 1) * 100),
        ("priorities", frame(2, 0, 1, struct.pack("!IB", 0, 1)) * 100),
        ("continuations", frame(1, 0, 1, b"\x88") + frame(9, 0, 1, header) * 10),
        ("unknown frames", frame(0xFA, 0, 0, b"x" * 100) * 100),
        ("big frame", frame(0, 0, 1, b"x" * 16_384)),
        ("too big frame", struct.pack("!I", 0xFFFFFF)[1:] + b"\0\0\0\0\0\1"),
    ]


@pytest.mark.parametrize(("name", "data"), floods(), ids=[name for name, _ in floods()])
async def test_a_flood_is_refused_and_takes_little_cpu(name: str, data: bytes) -> None:
    async def serve(session: Session) -> None:
        if name in ("empty content", "big frame"):
            usual = [(":status", "200"), ("content-type", "application/grpc")]
            session.h2.send_headers(1, usual)
            await session.flush()
        while True:
            await session.visit.write(data)

    spent = time.process_time()
    found = await asked(serve, timeout=30)
    assert found.reason in ("protocol", "reset"), found.sentence
    assert found.value("probe_grpc_status_code") in (8, 13, 14)
    assert time.process_time() - spent < 4


async def test_a_header_that_inflates_is_refused() -> None:
    """One byte of HPACK stands for a header of 4,000 bytes in the dynamic table."""

    async def serve(session: Session) -> None:
        big = b"\x40\x01a\x7f\xa1\x1e" + b"b" * 4000
        await session.visit.write(frame(1, 4, 1, b"\x88" + big + b"\xbe" * 8000))

    found = await asked(serve)
    assert found.reason == "protocol"


async def test_an_answer_byte_by_byte_is_an_answer() -> None:
    async def serve(session: Session) -> None:
        usual = [(":status", "200"), ("content-type", "application/grpc+proto")]
        session.h2.send_headers(1, usual)
        session.h2.send_data(1, SERVING)
        session.h2.send_headers(1, WELL, end_stream=True)
        for byte in session.h2.data_to_send():
            await session.visit.write(bytes((byte,)))

    found = await asked(serve)
    assert found.success, found.sentence
