"""A sink that answers bulk requests as Elasticsearch documents it, in a process of its own.

It keeps each document by index and id, refuses a second `create` of an id with 409, and can be
told to be out of order: `PUT /_faults` with a JSON list of faults, of which each bulk request
takes the first and does what it says.

    {"kind": "status", "status": 503, "retry_after": 2}     answer so, and take nothing
    {"kind": "items", "status": 429, "every": 10}           refuse each tenth record so
    {"kind": "reset", "after": 20}                          break off after 20 bytes of the answer
    {"kind": "lose"}                                        take the records, then break off
    {"kind": "hang"}                                        take the records and never answer

`GET /_documents` gives them, a JSON line each; `GET /_counts` how many, and how many requests.
A document with the field `refuse_me` is refused for good, alone.

Source: Elasticsearch's manual, "Bulk API": an item for each action, in order.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httptools

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        self.documents: dict[tuple[str, str], bytes] = {}
        self.faults: list[dict[str, Any]] = []
        self.taken = 0
        self.requests = 0
        self.conflicts = 0

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
        self.documents[key] = document
        self.taken += 1
        return 201, None


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._pieces: list[bytes] = []
        self._url = b""
        self._headers: dict[bytes, bytes] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

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
        else:
            store = self._store
            counts = {"taken": store.taken, "requests": store.requests,
                      "conflicts": store.conflicts, "faults": len(store.faults)}  # fmt: skip
            self._answer(200, json.dumps(counts).encode())

    def _documents(self) -> bytes:
        found = [
            json.dumps({"_index": index, "_id": identity, "_source": json.loads(document)})
            for (index, identity), document in self._store.documents.items()
        ]
        return "\n".join(found).encode()

    def _bulk(self, body: bytes) -> None:
        store = self._store
        store.requests += 1
        if store.counts_only:
            count = body.count(b"\n") // 2
            store.taken += count
            items = b",".join([b'{"create":{"status":201}}'] * count)
            self._answer(200, b'{"took":1,"errors":false,"items":[' + items + b"]}")
            return
        fault = store.faults.pop(0) if store.faults else None
        kind = fault["kind"] if fault is not None else ""
        if fault is not None and kind == "status":
            self._answer(fault["status"], b'{"error":"out of order"}', fault.get("retry_after"))
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
        if kind == "reset":
            assert fault is not None
            self._transport.write(_head(200, len(answer), None) + answer[: fault["after"]])
            self._transport.close()
        elif kind == "lose":
            self._transport.abort()
        elif kind != "hang":
            self._answer(200, answer)

    def _answer(self, status: int, body: bytes, retry_after: int | None = None) -> None:
        assert self._transport is not None
        self._transport.write(_head(status, len(body), retry_after) + body)


def _head(status: int, length: int, retry_after: int | None) -> bytes:
    again = f"Retry-After: {retry_after}\r\n" if retry_after is not None else ""
    return (
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{again}"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


async def serve(*, counts_only: bool, port: int) -> None:
    store = Store(counts_only=counts_only)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(store), "127.0.0.1", port)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


class Sink:
    """A sink that runs.

    Attributes:
        port: where it listens on 127.0.0.1.
    """

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def fail(self, *faults: dict[str, Any]) -> None:
        """Give the next bulk requests their faults."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/_faults", json.dumps(faults).encode(), method="PUT"
        )
        urllib.request.urlopen(request, timeout=10).close()

    def counts(self) -> dict[str, int]:
        """Return how many records and requests it has taken."""
        found: dict[str, int] = json.loads(self._get("/_counts"))
        return found

    def documents(self) -> list[dict[str, Any]]:
        """Return the documents: `_index`, `_id` and `_source`."""
        return [json.loads(line) for line in self._get("/_documents").splitlines()]

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            data: bytes = answer.read()
        return data


@contextmanager
def bulk_sink(*, counts_only: bool = False, port: int = 0) -> Iterator[Sink]:
    """Run a sink in a process of its own; end it at the end."""
    command = [sys.executable, __file__, str(port), *(["counts"] * counts_only)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield Sink(process, int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


if __name__ == "__main__":
    asyncio.run(serve(counts_only="counts" in sys.argv, port=int(sys.argv[1])))
