"""The content of a response over HTTP/2 and HTTP/3, frame by frame."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from aioquic.h3.events import DataReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection

from pillion_blackbox_exporter.probers.http.http2 import Http2
from pillion_blackbox_exporter.probers.http.http3 import Http3
from tests.exporters.blackbox.hostile.http2_targets import RESPONSE, SETTINGS, frame

if TYPE_CHECKING:
    from pillion.net import Stream

END_STREAM = 1


class Scripted:
    """A stream that gives what a test says, read by read."""

    received_at = 0.0

    def __init__(self, *reads: bytes) -> None:
        self._reads = list(reads)

    async def receive(self) -> bytes:
        return self._reads.pop(0) if self._reads else b""

    def write(self, data: bytes) -> None:
        pass


async def content(*reads: bytes) -> bytes:
    exchange = Http2(cast("Stream", Scripted(*reads)))
    exchange._connection.initiate_connection()
    exchange._connection.send_headers(1, [(":method", "GET"), (":scheme", "https"),
                                          (":authority", "a"), (":path", "/")], end_stream=True)  # fmt: skip
    found = []
    while piece := await exchange.read():
        found.append(piece)
    return b"".join(found)


async def test_a_frame_without_content_is_not_its_end() -> None:
    """RFC 9113, 6.1: only END_STREAM ends it."""
    reads = (
        SETTINGS + RESPONSE,
        frame(0, 0, 1),
        frame(0, 0, 1, b"first "),
        frame(0, 0, 1),
        frame(0, END_STREAM, 1, b"last"),
    )
    assert await content(*reads) == b"first last"


async def test_nor_is_it_over_http3() -> None:
    """RFC 9114, 7.2.1: a DATA frame may be empty, and the stream's end is the content's."""
    connection = QuicConnection(configuration=QuicConfiguration(is_client=True))
    exchange = Http3(cast("Any", SimpleNamespace(connection=connection)))
    exchange._on_event(DataReceived(data=b"", stream_id=0, stream_ended=False))
    exchange._on_event(DataReceived(data=b"last", stream_id=0, stream_ended=True))
    assert await exchange.read() == b"last"
    exchange._on_event(DataReceived(data=b"", stream_id=0, stream_ended=False))
    assert exchange._body == []
