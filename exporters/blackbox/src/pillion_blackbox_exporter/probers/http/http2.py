"""HTTP/2 (RFC 9113) over a stream, agreed on by ALPN: one request, one response."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

from pillion.net import Head
from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.probers.http2_frames import FrameBuffer, FrameError

if TYPE_CHECKING:
    from pillion.net import Stream
    from pillion_blackbox_exporter.probers.http.message import Request

HEADER_LIST_LIMIT = 1024 * 1024
WINDOW = 4 * 1024 * 1024
EVENT_LIMIT = 2_000  # frames without content: settings, pings, priorities, interim responses
_FRAMES_AT_ONCE = 100  # before others get their turn
_HOP_BY_HOP = frozenset({"connection", "proxy-connection", "keep-alive", "upgrade", "host"})


class Http2:
    """The exchange of one request on a connection of its own."""

    def __init__(self, stream: Stream) -> None:
        config = h2.config.H2Configuration(client_side=True, header_encoding=None)
        self._stream = stream
        self._connection = h2.connection.H2Connection(config)
        self._connection.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                h2.settings.SettingCodes.ENABLE_PUSH: 0,
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: WINDOW,
                h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: HEADER_LIST_LIMIT,
            },
        )
        self._id = 1
        self._unsent = b""
        self._head: Head | None = None
        self._body: list[bytes] = []
        self._is_complete = False
        self._frames = FrameBuffer()
        self._events = 0

    async def send(self, request: Request) -> Head:
        """Send a request and return the head of its response.

        Raises:
            ProbeError: the connection broke, or what came is no HTTP/2.
        """
        self._connection.initiate_connection()
        self._connection.increment_flow_control_window(WINDOW)
        self._id = self._connection.get_next_available_stream_id()
        body = request.body or b""
        self._connection.send_headers(self._id, fields(request), end_stream=not body)
        self._unsent = body
        self._send_body()
        while self._head is None:
            await self._receive("the server ended the connection without an answer")
        return self._head

    async def read(self) -> bytes:
        """Return the next bytes of the content; nothing at its end.

        Raises:
            ProbeError: the connection broke, or ended too early.
        """
        while not self._body:
            if self._is_complete:
                return b""
            await self._receive("the server ended the connection before the content did")
        data = b"".join(self._body)
        self._body.clear()
        return data

    @property
    def received_at(self) -> float:
        """When the last bytes came."""
        return self._stream.received_at

    def close(self) -> None:
        """End the connection."""
        self._stream.close()

    async def _receive(self, ended: str) -> None:
        self._flush()
        data = await self._stream.receive()
        if not data:
            raise ProbeError("closed", ended)
        try:
            for count, frame in enumerate(self._frames.frames(data)):
                if count % _FRAMES_AT_ONCE == _FRAMES_AT_ONCE - 1:
                    await asyncio.sleep(0)
                for event in self._connection.receive_data(frame):
                    self._take(event)
        except FrameError as error:
            raise ProbeError("protocol", f"the server {error}") from None
        except h2.exceptions.ProtocolError as error:
            self._flush()
            raise ProbeError("protocol", f"the answer breaks HTTP/2: {error}") from None
        if not self._is_complete:
            self._send_body()

    def _take(self, event: h2.events.Event) -> None:
        if not (isinstance(event, h2.events.DataReceived) and event.data):
            self._events += 1
            if self._events > EVENT_LIMIT:
                raise ProbeError(
                    "protocol", f"the server sent more than {EVENT_LIMIT} frames without content"
                )
        if isinstance(event, h2.events.ResponseReceived):
            self._head = self._head_of(event.headers or [])
        elif isinstance(event, h2.events.DataReceived):
            if event.data:  # a frame without content is not the end of it (RFC 9113, 6.1)
                self._body.append(event.data)
            self._connection.acknowledge_received_data(
                event.flow_controlled_length or 0, event.stream_id or self._id
            )
        elif isinstance(event, h2.events.StreamEnded):
            self._is_complete = True
        elif isinstance(event, h2.events.StreamReset):
            self._unsent = b""  # a server may answer before it has read all, and want no more
            if not self._is_complete:
                name = _named(event.error_code)
                raise ProbeError("reset", f"the server reset the stream: {name}")
        elif (
            isinstance(event, h2.events.ConnectionTerminated)
            and self._head is None
            and event.error_code
        ):
            name = _named(event.error_code)
            raise ProbeError("reset", f"the server ended the connection: {name}")

    def _head_of(self, headers: list[tuple[bytes, bytes]]) -> Head:
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        status = next((value for name, value in pairs if name == ":status"), "")
        rest = [(name, value) for name, value in pairs if not name.startswith(":")]
        return Head("HTTP/2.0", int(status), rest, self._stream.received_at)

    def _send_body(self) -> None:
        while self._unsent:
            window = self._connection.local_flow_control_window(self._id)
            size = min(window, self._connection.max_outbound_frame_size, len(self._unsent))
            if size <= 0:
                break
            piece, self._unsent = self._unsent[:size], self._unsent[size:]
            self._connection.send_data(self._id, piece, end_stream=not self._unsent)

    def _flush(self) -> None:
        if data := self._connection.data_to_send():
            self._stream.write(data)


def fields(request: Request) -> list[tuple[str, str]]:
    """Return a request as the header fields of HTTP/2 and HTTP/3. Pure."""
    return [
        (":method", request.method),
        (":scheme", request.url.scheme),
        (":authority", request.host),
        (":path", request.url.path),
        *(
            (name.lower(), value)
            for name, value in request.fields()
            if name.lower() not in _HOP_BY_HOP
        ),
    ]


def _named(code: object) -> str:
    return getattr(code, "name", str(code)).replace("_", " ").lower()
