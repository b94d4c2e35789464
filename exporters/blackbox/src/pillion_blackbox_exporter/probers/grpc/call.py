"""One unary call over HTTP/2 (RFC 9113), in little memory whatever the server sends.

A health check's answer has some hundred bytes. So the whole connection may bring
`RECEIVE_LIMIT` bytes, whether as endless headers, settings, pings or content, and they are
taken some frames at a time with a turn of the event loop between.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

from pillion.net import NetworkError
from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.probers.grpc.message import (
    INTERNAL,
    RESOURCE_EXHAUSTED,
    UNAVAILABLE,
    status_of_http,
    status_of_reset,
)
from pillion_blackbox_exporter.probers.http2_frames import (
    FRAME_HEADER,
    TYPE_AT,
    FrameBuffer,
    FrameError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion.net import Stream
    from pillion_blackbox_exporter.failure import Reason

RECEIVE_LIMIT = 128 * 1024
HEADER_LIST_LIMIT = 16 * 1024
BODY_LIMIT = 16 * 1024
FRAME_COUNT_LIMIT = 2000
_FRAMES_AT_ONCE = 100
_GOAWAY = 7
_STREAM_ID = 0x7FFFFFFF
_OK = "200"


class CallError(ProbeError):
    """Ends a call.

    Attributes:
        status: the gRPC status that it stands for.
    """

    def __init__(self, reason: Reason, status: int, sentence: str) -> None:
        super().__init__(reason, sentence)
        self.status = status


@dataclass(slots=True)
class Reply:
    """What a server answered.

    Attributes:
        status: the gRPC status; None before it came.
        message: what the server says to it, percent-encoded.
        body: the framed messages.
    """

    status: int | None = None
    message: str = ""
    body: bytearray = field(default_factory=bytearray)


class Call:
    """A connection of its own, and the one call on it."""

    __slots__ = (
        "_connection",
        "_count",
        "_frames",
        "_id",
        "_is_over",
        "_received",
        "_reply",
        "_stream",
    )

    def __init__(self, stream: Stream) -> None:
        config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        self._stream = stream
        self._connection = h2.connection.H2Connection(config)
        self._connection.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                h2.settings.SettingCodes.ENABLE_PUSH: 0,
                h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: HEADER_LIST_LIMIT,
            },
        )
        self._id = 1
        self._frames = FrameBuffer()
        self._received = 0
        self._count = 0
        self._reply = Reply()
        self._is_over = False

    async def run(self, headers: Sequence[tuple[str, str]], body: bytes) -> Reply:
        """Send a request and return the answer, once it has its status.

        Raises:
            CallError: the answer broke a rule, or the server ended the call.
            ProbeError: the connection broke.
        """
        self._connection.initiate_connection()
        self._id = self._connection.get_next_available_stream_id()
        self._connection.send_headers(self._id, list(headers))
        self._connection.send_data(self._id, body, end_stream=True)
        self._flush()
        while not self._is_over:
            await self._receive()
        if self._reply.status is None:
            raise CallError("protocol", INTERNAL, "the answer ended without a gRPC status")
        return self._reply

    def end(self) -> None:
        """Take leave of the server; does nothing when it is gone."""
        try:
            self._connection.close_connection()
            self._flush()
        except (NetworkError, h2.exceptions.ProtocolError):
            return

    async def _receive(self) -> None:
        data = await self._stream.receive()
        if not data:
            raise CallError("closed", UNAVAILABLE, "the server ended the connection too early")
        self._received += len(data)
        if self._received > RECEIVE_LIMIT:
            raise CallError(
                "protocol", RESOURCE_EXHAUSTED, f"the answer is longer than {RECEIVE_LIMIT} bytes"
            )
        try:
            for frame in self._frames.frames(data):
                if self._is_over:
                    return
                self._count += 1
                if self._count > FRAME_COUNT_LIMIT:
                    raise CallError(
                        "protocol", RESOURCE_EXHAUSTED, f"more than {FRAME_COUNT_LIMIT} frames came"
                    )
                if self._count % _FRAMES_AT_ONCE == 0:
                    await asyncio.sleep(0)
                self._take(frame)
        except FrameError as error:
            raise CallError("protocol", INTERNAL, f"the server {error}") from None

    def _take(self, frame: bytes) -> None:
        if frame[TYPE_AT] == _GOAWAY:
            self._on_goaway(frame[FRAME_HEADER:])
            return
        try:
            events = self._connection.receive_data(frame)
        except (h2.exceptions.ProtocolError, UnicodeDecodeError) as error:
            self._flush()  # says why to the server
            raise CallError("protocol", INTERNAL, f"the answer breaks HTTP/2: {error}") from None
        for event in events:
            self._on_event(event)
        self._flush()

    def _on_event(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.ResponseReceived):
            self._on_head(dict(_pairs(event.headers)))
        elif isinstance(event, h2.events.TrailersReceived):
            self._on_status(dict(_pairs(event.headers)))
        elif isinstance(event, h2.events.DataReceived):
            self._reply.body += event.data or b""
            if len(self._reply.body) > BODY_LIMIT:
                sentence = f"the message is longer than {BODY_LIMIT} bytes"
                raise CallError("protocol", RESOURCE_EXHAUSTED, sentence)
        elif isinstance(event, h2.events.StreamEnded):
            self._is_over = True
        elif isinstance(event, h2.events.StreamReset):
            code = int(event.error_code or 0)
            sentence = f"the server reset the call with HTTP/2's error {code}"
            raise CallError("reset", status_of_reset(code), sentence)

    def _on_head(self, headers: dict[str, str]) -> None:
        status = headers.get(":status", "")
        if "grpc-status" in headers:
            self._on_status(headers)
        elif status != _OK:
            number = int(status) if status.isascii() and status.isdecimal() else 0
            raise CallError(
                "status", status_of_http(number), f"the answer has the HTTP status {status[:20]}"
            )
        elif not headers.get("content-type", "").startswith("application/grpc"):
            kind = headers.get("content-type", "")[:100]
            raise CallError("protocol", INTERNAL, f"the answer has the content type {kind!r}")

    def _on_status(self, headers: dict[str, str]) -> None:
        text = headers.get("grpc-status", "")
        if not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004
            raise CallError("protocol", INTERNAL, f"the gRPC status {text[:20]!r} is not a number")
        self._reply.status = int(text)
        self._reply.message = headers.get("grpc-message", "")

    def _on_goaway(self, payload: bytes) -> None:
        """Judge a GOAWAY, which h2 would take as the end of the call that still goes on."""
        last, code = (int.from_bytes(payload[at : at + 4], "big") for at in (0, 4))
        if code or last & _STREAM_ID < self._id:
            sentence = f"the server ended the connection with HTTP/2's error {code}"
            raise CallError("reset", UNAVAILABLE, sentence)

    def _flush(self) -> None:
        if data := self._connection.data_to_send():
            self._stream.write(data)


def _pairs(headers: object) -> list[tuple[str, str]]:
    """Return headers as text, which they are as `header_encoding` is set."""
    assert isinstance(headers, list)
    return [(str(name), str(value)) for name, value in headers]
