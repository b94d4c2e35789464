"""The WebSocket prober against servers that break the rules, or never stop."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

import pytest

from pillion_blackbox_exporter.probers.websocket.handshake import accept_of
from tests.exporters.blackbox.probed import Probed, probed
from tests.servers.wire import Visit, serving

if TYPE_CHECKING:
    from tests.servers.wire import Serve

EXPECTING = "prober: websocket\nwebsocket: {query_response: [{expect: hello}]}"


async def asked(serve: Serve, timeout: float = 1.0) -> Probed:
    async with serving(serve) as port:
        return await probed(f"ws://127.0.0.1:{port}", EXPECTING, timeout=timeout)


async def upgrade(visit: Visit, then: bytes = b"") -> None:
    """Grant the upgrade, with bytes in the same segment."""
    head = await visit.read_request()
    key = re.search(r"Sec-WebSocket-Key: (.*)\r\n", head)
    assert key
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "upgrade: WebSocket",
        "connection: keep-alive, Upgrade",
        f"sec-websocket-accept: {accept_of(key[1])}",
    ]
    await visit.write("\r\n".join([*lines, "", ""]).encode() + then)


async def test_frames_may_come_with_the_head() -> None:
    async def serve(visit: Visit) -> None:
        await upgrade(visit, b"\x81\x05hello")
        await visit.wait_for_end()

    found = await asked(serve)
    assert found.success, found.sentence


async def test_a_message_may_come_in_fragments_with_a_ping_between() -> None:
    async def serve(visit: Visit) -> None:
        await upgrade(visit, b"\x01\x02he\x89\x01p\x00\x00\x80\x03llo")
        await visit.wait_for_end()

    found = await asked(serve)
    assert found.success, found.sentence


async def test_a_message_byte_by_byte_is_a_message() -> None:
    async def serve(visit: Visit) -> None:
        await upgrade(visit)
        for byte in b"\x81\x05hello":
            await visit.write(bytes((byte,)))
        await visit.wait_for_end()

    found = await asked(serve)
    assert found.success, found.sentence


@pytest.mark.parametrize(
    ("frames", "reason", "sentence"),
    [
        (b"\xc1\x05hello", "protocol", "the server sent a frame with a reserved bit, though no extension was agreed on"),
        (b"\x81\x85mask12345", "protocol", "the server sent a masked frame, which only a client may"),
        (b"\x83\x00", "protocol", "the server sent a frame with the unknown opcode 3"),
        (b"\x80\x05hello", "protocol", "the server sent fragments out of order"),
        (b"\x01\x01a\x01\x01b", "protocol", "the server sent fragments out of order"),
        (b"\x09\x00", "protocol", "the server sent a control frame that is too long or in fragments"),
        (b"\x89\x7e\x00\x80", "protocol", "the server sent a control frame that is too long or in fragments"),
        (b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "protocol", "the server sent a message of more than 1048576 bytes"),
        (b"\x88\x00", "closed", "the server closed without a code"),
        (b"\x88\x06\x03\xf3gone", "closed", "the server closed with code 1011 (gone)"),
    ],
)  # fmt: skip
async def test_a_wrong_frame_is_named(frames: bytes, reason: str, sentence: str) -> None:
    async def serve(visit: Visit) -> None:
        await upgrade(visit, frames)
        await visit.wait_for_end()

    found = await asked(serve)
    assert (found.phase, found.reason, found.sentence) == ("exchange", reason, sentence)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("upgrade: WebSocket", "upgrade: h2c"), "the answer does not upgrade to websocket"),
        (("connection: keep-alive, Upgrade", "connection: close"), "the answer lacks Connection: Upgrade"),
        (("sec-websocket-accept: ", "sec-websocket-accept: x"), "the answer's Sec-WebSocket-Accept is not the one for our key"),
        (("upgrade:", "sec-websocket-extensions: permessage-deflate\r\nupgrade:"), "the answer uses an extension that was not asked for"),
    ],
)  # fmt: skip
async def test_a_wrong_upgrade_is_named(change: tuple[str, str], sentence: str) -> None:
    class Changed(Visit):
        async def write(self, data: bytes) -> None:
            await super().write(data.replace(change[0].encode(), change[1].encode()))

    async def serve(visit: Visit) -> None:
        await upgrade(Changed(1, visit._reader, visit._writer))
        await visit.wait_for_end()

    found = await asked(serve)
    assert (found.reason, found.sentence) == ("header", sentence)
    assert found.value("probe_websocket_status_code") == 101
    assert found.value("probe_websocket_connection_upgraded") == 0


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        (b"SSH-2.0-x\r\n\r\n", "the answer is not HTTP: it begins with 'SSH-2.0-x'"),
        (b"HTTP/1.1 1x1 Y\r\n\r\n", "the answer is not HTTP: it begins with 'HTTP/1.1 1x1 Y'"),
        (b"HTTP/1.1 101 Y\r\nno header\r\n\r\n", "invalid header 'no header'"),
        (b"HTTP/1.1 101 Y\r\n folded: x\r\n\r\n", "invalid header ' folded: x'"),
    ],
)  # fmt: skip
async def test_a_head_that_is_none_is_named(head: bytes, sentence: str) -> None:
    async def serve(visit: Visit) -> None:
        await visit.write(head)
        await visit.wait_for_end()

    found = await asked(serve)
    assert (found.phase, found.reason, found.sentence) == ("upgrade", "protocol", sentence)


FLOODS = {
    "headers": (False, b"X-Header: " + b"x" * 1000 + b"\r\n", "the headers are longer than 65536 bytes"),
    "pings": (True, b"\x89\x00" * 100, "the server sent more than 1000 frames without a message"),
    "pongs": (True, b"\x8a\x01x" * 100, "the server sent more than 1000 frames without a message"),
    "fragments": (True, b"\x00\x01x" * 100, "the server sent more than 1000 frames without a message"),
    "long fragments": (True, b"\x00\x7e\x40\x00" + b"x" * 0x4000, "the server sent a message of more than 1048576 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", FLOODS)
async def test_a_flood_ends_soon(name: str) -> None:
    is_upgraded, data, sentence = FLOODS[name]

    async def serve(visit: Visit) -> None:
        if is_upgraded:
            await upgrade(visit, b"\x01\x00" if "fragments" in name else b"")
        else:
            await visit.write(b"HTTP/1.1 101 Y\r\n")
        while True:
            await visit.write(data)

    started, spent = time.perf_counter(), time.process_time()
    found = await asked(serve, timeout=5)
    reason = "too_large" if name == "headers" else "protocol"
    assert (found.reason, found.sentence) == (reason, sentence)
    assert time.perf_counter() - started < 3
    assert time.process_time() - spent < 1.5


async def reset(visit: Visit) -> None:
    visit._writer.transport.abort()


async def reset_after_the_upgrade(visit: Visit) -> None:
    await upgrade(visit)
    visit._writer.transport.abort()


async def end_after_the_upgrade(visit: Visit) -> None:
    await upgrade(visit, b"\x81\x05he")
    await visit.close()


async def drip(visit: Visit) -> None:
    for byte in b"HTTP/1.1 101 Switching Protocols\r\n" * 100:
        await visit.write(bytes((byte,)))
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("serve", "phases", "reasons"),
    [
        (reset, {"connect", "upgrade"}, {"reset", "closed"}),
        (reset_after_the_upgrade, {"upgrade", "exchange"}, {"reset", "closed"}),
        (end_after_the_upgrade, {"exchange"}, {"closed"}),
        (drip, {"upgrade"}, {"timeout"}),
    ],
)
async def test_a_connection_that_breaks_is_named(
    serve: Serve, phases: set[str], reasons: set[str]
) -> None:
    found = await asked(serve, timeout=0.5)
    assert found.phase in phases
    assert found.reason in reasons
