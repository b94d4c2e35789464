"""The process of the sink: answers bulk requests as `bulk_store` has it, and may be out of order.

`PUT /_faults` takes a JSON list of faults, of which each bulk request takes the first and does
what it says.

    {"kind": "status", "status": 503, "retry_after": 2}     answer so, and take nothing
    {"kind": "items", "status": 429, "every": 10}           refuse each tenth record so
    {"kind": "close", "after": 20}                          end after 20 bytes of the answer
    {"kind": "reset", "after": 20}                          reset the connection after as many
    {"kind": "lose"}                                        take the records, then break off
    {"kind": "hang"}                                        take the records and never answer
    {"kind": "slow", "seconds": 0.5}                        answer late
    {"kind": "down", "seconds": 0.5}                        break off, and refuse to be connected to
    {"kind": "lie", "keep": 3}                              take 3 records, and say that there are no
                                                            errors, with the results of those alone

`retry_after` may be a date too: `{"kind": "status", "status": 429, "retry_at": 2}` is one 2 s ahead.
`GET /_documents` gives the documents, a JSON line each, with the time of their arrival;
`GET /_counts` how many, and how many requests; `GET /_times` when each request came, in seconds of
the system's monotonic clock. These and `/_faults` are answered on a port of their own, which is
never out of order. For benchmarks it counts the records, and answers each without a look at it.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httptools

from tests.servers.bulk_store import Store, filtered, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

OK = 200


@dataclass
class State:
    """What the sink holds, over all connections."""

    counts_only: bool
    store: Store = field(default_factory=Store)
    faults: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    go_down: Callable[[float], None] = lambda _: None


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, sink: State, transports: set[asyncio.BaseTransport]) -> None:
        self._sink = sink
        self._transports = transports
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._pieces: list[bytes] = []
        self._url = b""
        self._headers: dict[bytes, bytes] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._transports.add(transport)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._transport is not None:
            self._transports.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url = url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_body(self, data: bytes) -> None:
        self._pieces.append(data)

    def on_message_complete(self) -> None:
        body = b"".join(self._pieces)
        method = self._parser.get_method()
        path, _, query = self._url.decode().partition("?")
        self._pieces, headers, self._headers = [], self._headers, {}
        if headers.get(b"content-encoding") == b"gzip":
            body = gzip.decompress(body)
        if path.endswith("/_bulk"):
            self._bulk(path.removesuffix("/_bulk").strip("/") or None, parse_qs(query), body)
        elif path == "/_faults" and method == b"PUT":
            self._sink.faults = json.loads(body)
            self._answer(200, b"{}")
        elif path == "/_documents":
            self._answer(200, self._documents())
        elif path == "/_times":
            self._answer(200, _json(self._sink.times))
        else:
            sink = self._sink
            counts = {"taken": sink.store.taken, "requests": len(sink.times),
                      "conflicts": sink.store.conflicts, "faults": len(sink.faults)}  # fmt: skip
            self._answer(200, _json(counts))

    def _documents(self) -> bytes:
        found = [
            _json({"_index": name, "_id": identity, "_at": document.at, "_source": document.source})
            for name, index in self._sink.store.indices.items()
            for identity, document in index.documents.items()
        ]
        return b"\n".join(found)

    def _bulk(self, index: str | None, query: dict[str, list[str]], body: bytes) -> None:
        sink, now = self._sink, time.monotonic()
        sink.times.append(now)
        fault: dict[str, Any] = sink.faults.pop(0) if sink.faults else {"kind": ""}
        kind = fault["kind"]
        if kind == "status":
            answer = refusal(fault["status"], "out_of_order", "it was told to be")
            self._answer(fault["status"], _json(answer), _retry_after(fault))
        elif kind == "down":
            sink.go_down(fault["seconds"])
        elif kind == "lie":
            lines = body.splitlines(keepends=True)[: 2 * fault["keep"]]
            items = sink.store.bulk(b"".join(lines), index, None, now)[1]["items"] if lines else []
            self._answer(200, _json({"took": 1, "errors": False, "items": items}))
        elif sink.counts_only:
            count = body.count(b"\n") // 2
            sink.store.taken += count
            items = b",".join([b'{"create":{"status":201}}'] * count)
            self._answer(200, b'{"took":1,"errors":false,"items":[' + items + b"]}")
        else:
            status, answer = sink.store.bulk(body, index, fault if kind == "items" else None, now)
            if "filter_path" in query and status == OK:
                answer = filtered(answer, query["filter_path"][0].split(","))
            self._answer_as_told(fault, status, _json(answer))

    def _answer_as_told(self, fault: dict[str, Any], status: int, text: bytes) -> None:
        assert self._transport is not None
        kind = fault["kind"]
        if kind in ("close", "reset"):
            self._transport.write(_head(status, len(text), None) + text[: fault["after"]])
            self._break_off(has_reset=kind == "reset")
        elif kind == "lose":
            self._break_off(has_reset=True)
        elif kind == "slow":
            loop = asyncio.get_running_loop()
            loop.call_later(fault["seconds"], self._answer, status, text)
        elif kind != "hang":
            self._answer(status, text)

    def _break_off(self, *, has_reset: bool) -> None:
        assert self._transport is not None
        if has_reset:
            # Closed with no time to linger, a socket answers with a reset.
            its = self._transport.get_extra_info("socket")
            its.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        else:
            self._transport.close()

    def _answer(self, status: int, body: bytes, retry_after: int | str | None = None) -> None:
        assert self._transport is not None
        if not self._transport.is_closing():
            self._transport.write(_head(status, len(body), retry_after) + body)


def _retry_after(fault: dict[str, Any]) -> int | str | None:
    """Return what the header says: seconds, or a date."""
    if "retry_at" not in fault:
        return fault.get("retry_after")
    # A date has whole seconds: the one after next is as far ahead as was asked for.
    return formatdate(time.time() + fault["retry_at"] + 1, usegmt=True)


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _head(status: int, length: int, retry_after: int | str | None) -> bytes:
    again = f"Retry-After: {retry_after}\r\n" if retry_after is not None else ""
    return (
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{again}"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


class Door:
    """The port of the bulk requests, which can be shut for a while."""

    def __init__(self, sink: State, port: int) -> None:
        self.port = port
        self._sink = sink
        self._server: asyncio.Server | None = None
        self._transports: set[asyncio.BaseTransport] = set()

    async def open(self) -> None:
        """Listen, on the same port as before."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def shut(self, seconds: float) -> None:
        """Break off what is connected, and refuse what comes, for some seconds."""
        assert self._server is not None
        self._server.close()
        for transport in self._transports:
            if isinstance(transport, asyncio.Transport):
                transport.abort()
        self._transports.clear()
        loop = asyncio.get_running_loop()
        loop.call_later(seconds, lambda: asyncio.ensure_future(self.open()))

    def _connection(self) -> Connection:
        return Connection(self._sink, self._transports)


async def serve(*, counts_only: bool, port: int) -> None:
    sink = State(counts_only)
    loop = asyncio.get_running_loop()
    door = Door(sink, port)
    await door.open()
    sink.go_down = door.shut
    control = await loop.create_server(lambda: Connection(sink, set()), "127.0.0.1", 0)
    sys.stdout.write(f"{door.port} {control.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(counts_only="counts" in sys.argv, port=int(sys.argv[1])))
