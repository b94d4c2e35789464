"""A WebSocket over a stream: messages in and out, with pings answered on the way."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pillion.net import Http1, NetworkError
from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.probers.http.message import encode_request
from pillion_blackbox_exporter.probers.websocket.frames import (
    CLOSE,
    NORMAL_CLOSURE,
    PING,
    PONG,
    TEXT,
    FrameError,
    FrameReader,
    close_reason,
    encode_frame,
)

if TYPE_CHECKING:
    from pillion.net import Head, Stream
    from pillion_blackbox_exporter.probers.http.message import Request
    from pillion_blackbox_exporter.probers.websocket.frames import Frame

MESSAGE_LIMIT = 1024 * 1024
FRAME_LIMIT = 1000  # from one message to the next, so that a flood of pings ends
HEAD_LIMIT = 64 * 1024


class Connection:
    """One connection, from its first request on."""

    __slots__ = ("_frames", "_stream")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._frames = FrameReader(MESSAGE_LIMIT, FRAME_LIMIT)

    async def request(self, request: Request) -> Head:
        """Send the opening request and return the head of its response.

        Raises:
            NetworkError: the connection broke, or what came is no HTTP.
        """
        http = Http1(self._stream, head_limit=HEAD_LIMIT)
        head = await http.send(encode_request(request, request.url.path), request.method)
        self._frames.feed(http.upgraded)
        return head

    async def receive(self) -> bytes:
        """Return the next message, text or binary.

        Raises:
            ProbeError: the server ended the connection or broke the rules.
        """
        while True:
            frame = await self._next()
            if frame.opcode == PING:
                self._send(PONG, frame.payload)
            elif frame.opcode == CLOSE:
                raise ProbeError("closed", f"the server closed {close_reason(frame.payload)}")
            elif frame.opcode != PONG:
                return frame.payload

    async def send(self, message: bytes) -> None:
        """Send a text message."""
        self._send(TEXT, message)
        await self._stream.drain()

    def close(self) -> None:
        """Take leave of the server without waiting for its answer."""
        try:
            self._send(CLOSE, NORMAL_CLOSURE.to_bytes(2, "big"))
        except NetworkError:
            return

    async def _next(self) -> Frame:
        while True:
            try:
                frame = self._frames.next()
            except FrameError as error:
                raise ProbeError("protocol", f"the server {error}") from None
            if frame is not None:
                return frame
            data = await self._stream.receive()
            if not data:
                raise ProbeError("closed", "the server ended the connection without closing it")
            self._frames.feed(data)

    def _send(self, opcode: int, payload: bytes) -> None:
        self._stream.write(encode_frame(opcode, payload, os.urandom(4)))
