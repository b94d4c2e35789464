"""A server that keeps bulk requests as they come over the wire, and an output that sends them."""

from __future__ import annotations

import gzip
import json
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pillion.log import Logger
from pillion_log_agent.outputs.elasticsearch.output import BulkOutput
from pillion_log_agent.outputs.elasticsearch.properties import BulkProperties
from pillion_log_agent.outputs.output import OutputContext
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.timestamps import Timestamps
from pillion_log_agent.records.wire import json_lines
from tests.servers.wire import Visit, response, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tests.servers.certificates import Authority

NOW = 1_795_255_200_123_456_789
TAKEN_ALL = b'{"took":1,"errors":false,"items":[{"index":{"status":201}}]}'
"""The answer to a request with one record."""


@dataclass
class Request:
    """One request.

    Attributes:
        connection: the number of the connection that it came over, from 1.
        line: method, target and version.
        headers: by lower-case name.
    """

    connection: int
    line: str
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, visit: Visit, head: str, body: bytes) -> Request:
        line, *rest = head.rstrip("\r\n").split("\r\n")
        pairs = (each.partition(": ") for each in rest)
        return cls(visit.number, line, {name.lower(): value for name, _, value in pairs}, body)

    def records(self) -> int:
        """Return how many records it has; AssertionError where a line is no JSON."""
        is_packed = self.headers.get("content-encoding") == "gzip"
        body = gzip.decompress(self.body) if is_packed else self.body
        return len([json.loads(line) for line in body.splitlines()]) // 2


@dataclass
class Server:
    """What came, in order."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)


def taken(count: int) -> bytes:
    """Return the answer to a request with so many records, all of which are taken."""
    item = b'{"index":{"status":201}}'
    return b'{"took":1,"errors":false,"items":[' + b",".join([item] * count) + b"]}"


@asynccontextmanager
async def answering(
    answer: bytes | Callable[[Visit, Request], Awaitable[None]] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Server]:
    """Serve bulk requests on loopback: each gets the bytes, or is given to the function."""
    server = Server()

    async def serve(visit: Visit) -> None:
        while True:
            head = await visit.read_request()
            request = Request.of(visit, head, await visit.read_body(head))
            server.requests.append(request)
            if callable(answer):
                await answer(visit, request)
            else:
                await visit.write(answer or response(taken(request.records())))

    async with serving(serve, tls) as port:
        server.port = port
        yield server


def server_context(authority: Authority, *names: str, asks_for: str = "") -> ssl.SSLContext:
    """Return a server's context, which may ask for client certificates of an authority."""
    pair = authority.issue(*names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    if asks_for:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(asks_for)
    return context


def output(port: int, **properties: Any) -> BulkOutput:
    """Return an output to a port of loopback."""
    found = {"port": port, "index": "logs", **properties}
    return BulkOutput(BulkProperties(**found), OutputContext("es.0", Logger(), lambda: NOW))


@asynccontextmanager
async def sending(port: int, **properties: Any) -> AsyncIterator[BulkOutput]:
    """Give an output to a port of loopback, and close it, however the test ends."""
    one = output(port, **properties)
    try:
        yield one
    finally:
        await one.close()


def batch(count: int = 1, **fields: Any) -> Batch:
    """Return a batch of records."""
    return Batch(
        "app",
        Origin("tail.0", "/a", "1-2-0-ab"),
        Timestamps([NOW] * count),
        block=json_lines([{"n": number, **fields} for number in range(count)]),
        offsets=list(range(count)),
    )
