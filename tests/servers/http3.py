"""An HTTP/3 server by aioquic, which answers as a test wants it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import serve
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aioquic.quic.events import QuicEvent

    from tests.servers.certificates import Pair

Headers = dict[str, str]


class Asked:
    """One request, and the ways to answer it."""

    def __init__(self, protocol: _Protocol, stream: int, headers: Headers) -> None:
        self.protocol = protocol
        self.stream = stream
        self.headers = headers
        self.body = b""

    def answer(self, body: bytes = b"", status: str = "200", **headers: str) -> None:
        self.head(status, ends=not body, **headers)
        if body:
            self.data(body, ends=True)

    def head(self, status: str = "200", *, ends: bool = False, **headers: str) -> None:
        pairs = [(b":status", status.encode())]
        pairs += [
            (name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()
        ]
        self.protocol.h3.send_headers(self.stream, pairs, end_stream=ends)

    def data(self, body: bytes, *, ends: bool = False) -> None:
        self.protocol.h3.send_data(self.stream, body, end_stream=ends)

    def raw(self, data: bytes, *, ends: bool = False) -> None:
        self.protocol._quic.send_stream_data(self.stream, data, ends)

    def reset(self) -> None:
        self.protocol._quic.reset_stream(self.stream, 0x10B)

    def end(self) -> None:
        self.protocol._quic.close(error_code=0x102, reason_phrase="no more")


class _Protocol(QuicConnectionProtocol):
    reply: Callable[[Asked], None]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # as aioquic calls it
        self.h3 = H3Connection(self._quic)
        self._asked: dict[int, Asked] = {}

    def quic_event_received(self, event: QuicEvent) -> None:
        for each in self.h3.handle_event(event):
            if isinstance(each, HeadersReceived):
                headers = {name.decode(): value.decode() for name, value in each.headers}
                self._asked[each.stream_id] = Asked(self, each.stream_id, headers)
            elif isinstance(each, DataReceived):
                self._asked[each.stream_id].body += each.data
            else:
                continue
            if each.stream_ended:
                type(self).reply(self._asked[each.stream_id])
                self.transmit()


@asynccontextmanager
async def serving_http3(
    pair: Pair, reply: Callable[[Asked], None], protocol: str = "h3"
) -> AsyncIterator[int]:
    """Serve on 127.0.0.1 and yield the port."""
    made = type("Protocol", (_Protocol,), {"reply": staticmethod(reply)})
    configuration = QuicConfiguration(is_client=False, alpn_protocols=[protocol])
    configuration.load_cert_chain(pair.certificate, pair.key)
    server = await serve("127.0.0.1", 0, configuration=configuration, create_protocol=made)
    try:
        assert server._transport is not None
        yield server._transport.get_extra_info("sockname")[1]
    finally:
        server.close()
        await asyncio.sleep(0)
