"""HTTP/3 (RFC 9114) over QUIC, by aioquic (the extra `http3`): one request, one response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.events import ConnectionTerminated, StreamDataReceived, StreamReset

from pillion.net import Head, connection_error
from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.network.datagrams import connect_datagrams
from pillion_blackbox_exporter.network.quic import Quic, configuration_for
from pillion_blackbox_exporter.probers.http.http2 import fields
from pillion_blackbox_exporter.probing.metrics import report_handshake

if TYPE_CHECKING:
    from aioquic.h3.events import H3Event
    from aioquic.quic.events import QuicEvent

    from pillion_blackbox_exporter.configuration.client import TlsConfig
    from pillion_blackbox_exporter.probers.http.message import Request
    from pillion_blackbox_exporter.probers.http.url import Url
    from pillion_blackbox_exporter.probing.probe import Probe

HEAD_LIMIT = 1024 * 1024
_ALPN = "h3"
_OK = 200
# Errors that break no rule: none, internal, refused (RFC 9000, 20.1 and RFC 9114, 8.1).
_ENDS = frozenset({0x0, 0x1, 0x2, 0x100, 0x102, 0x107, 0x10B, 0x10C})


async def open_http3(
    probe: Probe, url: Url, tls_config: TlsConfig, server_name: str, address: str = ""
) -> Http3:
    """Connect to a server. The handshake is both phases, `connect` and `tls`, as in the peer.

    Args:
        probe: whose phases they are.
        url: where the request goes.
        tls_config: whom to trust.
        server_name: whom the certificate must be for.
        address: the address that the host was resolved to, or nothing to resolve it now.

    Raises:
        ProbeError: the server is out of reach, or its certificate is bad.
    """
    if url.scheme != "https":
        raise ProbeError("redirect", "the redirect leads to http, which HTTP/3 does not speak")
    network, trace = probe.network, probe.trace
    if not address:
        trace.begin("resolve")
        resolved = await network.resolve(url.scheme, url.host, url.port)
        trace.end(trace.phases[-1].start + resolved.seconds)
        address = resolved.addresses[0]
    server_name = server_name.removesuffix(".")
    configuration = configuration_for(tls_config, server_name, _ALPN)
    trace.begin("connect")
    started = trace.phases[-1].start
    try:
        datagrams = connect_datagrams(network, url.scheme, url.host, address, url.port)
    except OSError as error:
        raise connection_error(error, f"connecting to {address}") from None
    quic = Quic(datagrams, configuration, network.clock)
    try:
        handshake = await quic.handshake(tls_config, server_name)
        trace.end(handshake.ended)
    except BaseException:
        quic.close()
        raise
    trace.add("tls", started, handshake.ended)
    report_handshake(probe, handshake, cipher=True)
    if handshake.failure is not None:
        quic.close()
        raise handshake.failure
    trace.begin("processing")
    return Http3(quic)


class Http3:
    """The exchange of one request on a connection of its own."""

    def __init__(self, quic: Quic) -> None:
        self._quic = quic
        self._h3 = H3Connection(quic.connection)
        self._id = 0
        self._head: Head | None = None
        self._body: list[bytes] = []
        self._held = 0  # bytes that have come and were neither a head nor content
        self._is_complete = False

    async def send(self, request: Request) -> Head:
        """Send a request and return the head of its response.

        Raises:
            ProbeError: the server ended the connection, or what came is no HTTP/3.
        """
        self._id = self._quic.connection.get_next_available_stream_id()
        pairs = [(name.encode(), value.encode()) for name, value in fields(request)]
        body = request.body or b""
        self._h3.send_headers(self._id, pairs, end_stream=not body)
        if body:
            self._h3.send_data(self._id, body, end_stream=True)
        while self._head is None:
            self._take(await self._quic.next_event())
            if self._is_complete and self._head is None:
                raise ProbeError("closed", "the server ended the stream without an answer")
        return self._head

    async def read(self) -> bytes:
        """Return the next bytes of the content; nothing at its end.

        Raises:
            ProbeError: the server ended the connection too early, or broke the rules.
        """
        while not self._body:
            if self._is_complete:
                return b""
            self._take(await self._quic.next_event())
        data = b"".join(self._body)
        self._body.clear()
        return data

    @property
    def received_at(self) -> float:
        """When the last bytes came."""
        return self._quic.received_at

    def close(self) -> None:
        """End the connection."""
        self._quic.close()

    def _take(self, event: QuicEvent) -> None:
        if isinstance(event, ConnectionTerminated):
            if not self._is_complete:
                said = event.reason_phrase or f"error {event.error_code:#x}"
                if event.error_code in _ENDS:
                    raise ProbeError("reset", f"the server ended the connection: {said}")
                raise ProbeError("protocol", f"the answer breaks HTTP/3: {said}")
        elif isinstance(event, StreamReset) and event.stream_id == self._id:
            if not self._is_complete:
                raise ProbeError("reset", f"the server reset the stream: {event.error_code:#x}")
        elif isinstance(event, StreamDataReceived):
            self._held += len(event.data)
            if self._held > HEAD_LIMIT:
                raise ProbeError("too_large", f"the headers are longer than {HEAD_LIMIT} bytes")
        for each in self._h3.handle_event(event):
            self._on_event(each)

    def _on_event(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived) and event.stream_id == self._id:
            self._held = 0
            if self._head is None:
                self._take_head(event)
            self._is_complete = self._is_complete or event.stream_ended
        elif isinstance(event, DataReceived) and event.stream_id == self._id:
            self._held = 0
            if event.data:  # a frame without content is not the end of it (RFC 9114, 7.2.1)
                self._body.append(event.data)
            self._is_complete = event.stream_ended

    def _take_head(self, event: HeadersReceived) -> None:
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers]
        status = next((value for name, value in pairs if name == ":status"), "")
        if not (status.isascii() and status.isdecimal()):
            raise ProbeError("protocol", f"the answer has the status {status[:20]!r}")
        if int(status) < _OK:
            return
        rest = [(name, value) for name, value in pairs if not name.startswith(":")]
        self._head = Head("HTTP/3.0", int(status), rest, self._quic.received_at)
