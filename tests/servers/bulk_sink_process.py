"""The process of the sink: answers bulk requests as Elasticsearch documents it.

It keeps each document by index and id, refuses a second `create` of an id with 409, and can be
told to be out of order: `PUT /_faults` with a JSON list of faults, of which each bulk request
takes the first and does what it says.

    {"kind": "status", "status": 503, "retry_after": 2}     answer so, and take nothing
    {"kind": "items", "status": 429, "every": 10}           refuse each tenth record so
    {"kind": "close", "after": 20}                          end after 20 bytes of the answer
    {"kind": "reset", "after": 20}                          reset the connection after as many
    {"kind": "lose"}                                        take the records, then break off
    {"kind": "hang"}                                        take the records and never answer
    {"kind": "slow", "seconds": 0.5}                        answer late
    {"kind": "down", "seconds": 0.5}                        break off, and refuse to be connected to

`retry_after` may be a date too, `{"kind": "status", "status": 429, "retry_at": 2}` is one 2 s ahead.
`GET /_documents` gives them, a JSON line each, with the time of their arrival; `GET /_counts` how many, and how many requests;
`GET /_times` when each request came, in seconds of the system's monotonic clock. These and
`/_faults` are answered on a port of their own, which is never out of order.
A document with the field `refuse_me` is refused for good, alone.

Source: Elasticsearch's manual, "Bulk API": an item for each action, in order.
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
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import httptools

if TYPE_CHECKING:
    from collections.abc import Callable

REFUSED = {
    "type": "mapper_parsing_exception",
    "reason": "failed to parse field [refuse_me]",
    "caused_by": {"type": "illegal_argument_exception", "reason": "it is what it is"},
}
BUSY = {"type": "es_rejected_execution_exception", "reason": "queue capacity is reached"}


class Store:
    """What the sink holds, over all connections."""

    def __init__(self, *, counts_only: bool) -> None:
        self.counts_only = counts_only
        self.documents: dict[tuple[str, str], tuple[float, bytes]] = {}
        self.faults: list[dict[str, Any]] = []
        self.taken = 0
        self.requests = 0
        self.conflicts = 0
        self.times: list[float] = []
        self.go_down: Callable[[float], None] = lambda _: None

    def bulk(self, body: bytes, fault: dict[str, Any] | None) -> list[tuple[str, int, Any]]:
        """Take the records of a request; return operation, status and error of each."""
        lines = body.split(b"\n")
        assert not lines.pop(), "a bulk request ends in a newline"
        results = []
        for number, (action, document) in enumerate(zip(lines[0::2], lines[1::2], strict=True), 1):
            ((operation, target),) = json.loads(action).items()
            if fault is not None and number % fault.get("every", 1) == 0:
                results.append((operation, fault["status"], BUSY))
            else:
                results.append((operation, *self._take(operation, target, document)))
        return results

    def _take(self, operation: str, target: dict[str, str], document: bytes) -> tuple[int, Any]:
        if b'"refuse_me"' in document:
            return 400, REFUSED
        key = (target["_index"], target.get("_id", f"made-{self.taken}"))
        if operation == "create" and key in self.documents:
            self.conflicts += 1
            return 409, {"type": "version_conflict_engine_exception", "reason": "it is there"}
        json.loads(document)
        self.documents[key] = time.monotonic(), document
        self.taken += 1
        return 201, None


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, store: Store, transports: set[asyncio.BaseTransport]) -> None:
        self._store = store
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
        path = self._url.split(b"?")[0]
        self._pieces, headers, self._headers = [], self._headers, {}
        if headers.get(b"content-encoding") == b"gzip":
            body = gzip.decompress(body)
        if path.endswith(b"/_bulk"):
            self._bulk(body)
        elif path == b"/_faults" and method == b"PUT":
            self._store.faults = json.loads(body)
            self._answer(200, b"{}")
        elif path == b"/_documents":
            self._answer(200, self._documents())
        elif path == b"/_times":
            self._answer(200, json.dumps(self._store.times).encode())
        else:
            store = self._store
            counts = {"taken": store.taken, "requests": store.requests,
                      "conflicts": store.conflicts, "faults": len(store.faults)}  # fmt: skip
            self._answer(200, json.dumps(counts).encode())

    def _documents(self) -> bytes:
        found = [
            json.dumps(
                {"_index": index, "_id": identity, "_at": at, "_source": json.loads(document)}
            )
            for (index, identity), (at, document) in self._store.documents.items()
        ]
        return "\n".join(found).encode()

    def _bulk(self, body: bytes) -> None:
        store = self._store
        store.requests += 1
        store.times.append(time.monotonic())
        fault = store.faults.pop(0) if store.faults else {}
        kind = fault.get("kind", "")
        if kind == "status":
            ahead = fault.get("retry_at")
            # A date has whole seconds: the one after next is as far ahead as was asked for.
            date = formatdate(time.time() + ahead + 1, usegmt=True) if ahead is not None else None
            again = fault.get("retry_after", date)
            self._answer(fault["status"], b'{"error":"out of order"}', again)
            return
        if kind == "down":
            store.go_down(fault["seconds"])
            return
        if store.counts_only:
            count = body.count(b"\n") // 2
            store.taken += count
            items = b",".join([b'{"create":{"status":201}}'] * count)
            self._answer(200, b'{"took":1,"errors":false,"items":[' + items + b"]}")
            return
        results = store.bulk(body, fault if kind == "items" else None)
        items_of = [
            {operation: {"status": status} | ({"error": error} if error else {})}
            for operation, status, error in results
        ]
        answer = json.dumps(
            {"took": 1, "errors": any(error for _, _, error in results), "items": items_of},
            separators=(",", ":"),
        ).encode()
        assert self._transport is not None
        if kind in ("close", "reset"):
            self._transport.write(_head(200, len(answer), None) + answer[: fault["after"]])
            self._break_off(has_reset=kind == "reset")
        elif kind == "lose":
            self._break_off(has_reset=True)
        elif kind == "slow":
            loop = asyncio.get_running_loop()
            loop.call_later(fault["seconds"], self._answer, 200, answer)
        elif kind != "hang":
            self._answer(200, answer)

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


def _head(status: int, length: int, retry_after: int | str | None) -> bytes:
    again = f"Retry-After: {retry_after}\r\n" if retry_after is not None else ""
    return (
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{again}"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


class Door:
    """The port of the bulk requests, which can be shut for a while."""

    def __init__(self, store: Store, port: int) -> None:
        self.port = port
        self._store = store
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
        return Connection(self._store, self._transports)


async def serve(*, counts_only: bool, port: int) -> None:
    store = Store(counts_only=counts_only)
    loop = asyncio.get_running_loop()
    door = Door(store, port)
    await door.open()
    store.go_down = door.shut
    control = await loop.create_server(lambda: Connection(store, set()), "127.0.0.1", 0)
    sys.stdout.write(f"{door.port} {control.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(counts_only="counts" in sys.argv, port=int(sys.argv[1])))
