"""A sink that answers bulk requests as `bulk_store` has it, in a process of its own.

It can be told to be out of order: `PUT /_faults` with a JSON list of faults, of which each bulk request
takes the first and does what it says.

    {"kind": "status", "status": 503, "retry_after": 2}     answer so, and take nothing
    {"kind": "items", "status": 429, "every": 10}           refuse each tenth record so
    {"kind": "reset", "after": 20}                          break off after 20 bytes of the answer
    {"kind": "lose"}                                        take the records, then break off
    {"kind": "hang"}                                        take the records and never answer

`GET /_documents` gives them, a JSON line each; `GET /_counts` how many, and how many requests.
For benchmarks it counts the records, and answers each of them without a look at it.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httptools

from tests.servers.bulk_store import Store, filtered, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

OK = 200
ROOT = Path(__file__).parents[2]


@dataclass
class State:
    """What the sink holds, over all connections."""

    counts_only: bool
    store: Store = field(default_factory=Store)
    faults: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 0


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, sink: State) -> None:
        self._sink = sink
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
        else:
            sink = self._sink
            counts = {"taken": sink.store.taken, "requests": sink.requests,
                      "conflicts": sink.store.conflicts, "faults": len(sink.faults)}  # fmt: skip
            self._answer(200, json.dumps(counts).encode())

    def _documents(self) -> bytes:
        found = [
            json.dumps({"_index": name, "_id": identity, "_source": document.source})
            for name, index in self._sink.store.indices.items()
            for identity, document in index.documents.items()
        ]
        return "\n".join(found).encode()

    def _bulk(self, index: str | None, query: dict[str, list[str]], body: bytes) -> None:
        sink = self._sink
        sink.requests += 1
        if sink.counts_only:
            count = body.count(b"\n") // 2
            sink.store.taken += count
            items = b",".join([b'{"create":{"status":201}}'] * count)
            self._answer(200, b'{"took":1,"errors":false,"items":[' + items + b"]}")
            return
        fault: dict[str, Any] = sink.faults.pop(0) if sink.faults else {"kind": ""}
        kind = fault["kind"]
        if kind == "status":
            answer = refusal(fault["status"], "out_of_order", "it was told to be")
            self._answer(fault["status"], _json(answer), fault.get("retry_after"))
            return
        status, answer = sink.store.bulk(body, index, fault if kind == "items" else None)
        if "filter_path" in query and status == OK:
            answer = filtered(answer, query["filter_path"][0].split(","))
        text = _json(answer)
        assert self._transport is not None
        if kind == "reset":
            self._transport.write(_head(status, len(text), None) + text[: fault["after"]])
            self._transport.close()
        elif kind == "lose":
            self._transport.abort()
        elif kind != "hang":
            self._answer(status, text)

    def _answer(self, status: int, body: bytes, retry_after: int | None = None) -> None:
        assert self._transport is not None
        self._transport.write(_head(status, len(body), retry_after) + body)


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _head(status: int, length: int, retry_after: int | None) -> bytes:
    again = f"Retry-After: {retry_after}\r\n" if retry_after is not None else ""
    return (
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{again}"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


async def serve(*, counts_only: bool, port: int) -> None:
    sink = State(counts_only)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(sink), "127.0.0.1", port)
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
    command = [sys.executable, "-m", "tests.servers.bulk_sink", str(port)]
    command += ["counts"] * counts_only
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        yield Sink(process, int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


if __name__ == "__main__":
    asyncio.run(serve(counts_only="counts" in sys.argv, port=int(sys.argv[1])))
