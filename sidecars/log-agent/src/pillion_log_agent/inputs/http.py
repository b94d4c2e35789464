"""The input `http`: records that clients post, answered once every output has taken them.

Source: fluent-bit's manual, "HTTP" (input).
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from pillion.settings import Kind, optional, repeated, setting
from pillion.web import Limits, Server, peer_of
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, PAIR, PORT, SIZE, TEXT
from pillion_log_agent.inputs.outstanding import Outstanding
from pillion_log_agent.network.listener import Listener
from pillion_log_agent.network.tls import TlsProperties, make_server_context
from pillion_log_agent.records.accessor import parse_accessor
from pillion_log_agent.records.json_rows import DECODE_ERRORS

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from prometheus_client import Metric

    from pillion.web.guard import Refusal
    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext, Intake
    from pillion_log_agent.records.columns import Record

WAIT = 25.0
"""Seconds until a client is told to come again: below the 30 s that most of them wait."""
GRACE = 2.0
MOST_RECORDS = 100_000
LONGEST_TAG = 256
_CODES = (200, 201, 204)
_NOT_IN_A_TAG = re.compile(r"[^\w.]", re.ASCII)


def _code(text: str) -> int:
    if text not in map(str, _CODES):
        raise ValueError("is none of 200, 201 and 204")
    return int(text)


@dataclass(frozen=True, slots=True)
class HttpInputProperties(TlsProperties):
    """The properties of `http`, beside those of TLS."""

    listen: str = setting("listen", TEXT, "The address to listen on.", default="0.0.0.0")  # noqa: S104  # as fluent-bit
    host: str | None = optional("host", TEXT, "The same as listen, and comes before it.")
    port: int = setting("port", PORT, "The port.", default=9880)
    tls_verify_client_cert: bool = setting(
        "tls.verify_client_cert", FLAG, "Whether clients show a certificate.", default=False
    )
    tag_key: str | None = optional("tag_key", TEXT, "The field that has the tag.")
    buffer_max_size: int = setting("buffer_max_size", SIZE, "The longest body.", default=4 << 20)
    successful_response_code: int = setting(
        "successful_response_code", Kind("CODE", _code), "200, 201 or 204.", default=201
    )
    success_header: tuple[tuple[str, ...], ...] = repeated(
        "success_header", PAIR, "A header of an answer of success."
    )
    add_remote_addr: bool = setting(
        "add_remote_addr", FLAG, "Add the client's address.", default=False
    )
    remote_addr_key: str = setting(
        "remote_addr_key", TEXT, "The field of it.", default="REMOTE_ADDR"
    )


@dataclass(frozen=True, slots=True)
class TlsGuard:
    """TLS, and nothing else that a client has to prove."""

    tls: ssl.SSLContext
    headers: tuple[tuple[str, str], ...] = ()

    def context(self) -> ssl.SSLContext:
        """Return the context of the next connection."""
        return self.tls

    def verify_peer(self, peer: ssl.SSLObject) -> str | None:  # noqa: ARG002  # TLS has done it
        """Turn nobody away after the handshake."""
        return None

    async def authorize(self, authorization: str) -> Refusal | None:  # noqa: ARG002  # as above
        """Let every request in."""
        return None


class HttpInput:
    """Serves one address."""

    def __init__(
        self, properties: HttpInputProperties, shared: InputProperties, context: InputContext
    ) -> None:
        self._properties = properties
        self._context = context
        self._default_tag = shared.tag or context.name
        self._tag_field = parse_accessor(properties.tag_key) if properties.tag_key else None
        self._tls = make_server_context(
            properties, verifies_clients=properties.tls_verify_client_cert
        )
        self._listener = Listener.tcp(
            (properties.host or properties.listen),
            properties.port,
            context.handover.sockets,
            context.name,
        )
        context.claim(f"listen: {self._listener.address}")
        self._outstanding = Outstanding(context)
        self._stopping = asyncio.Event()
        self._is_last = False
        self._intake: Intake | None = None

    def prepare(self) -> None:
        """Bind the address, unless an input at work has it."""
        self._listener.prepare()

    async def run(self, intake: Intake) -> None:
        """Answer until `stop`; who waits for an answer then gets it as far as time allows."""
        self._intake = intake
        application = web.Application()
        application.router.add_post("/{path:.*}", self._answer)
        application.router.add_put("/{path:.*}", self._answer)
        listening = self._listener.take()
        port = listening.getsockname()[1]
        size = self._properties.buffer_max_size
        server = Server(
            application,
            sockets=[listening],
            log=self._context.log,
            security=None if self._tls is None else TlsGuard(self._tls),
            limits=Limits(
                body_size=size,
                bodies_size=max(self._context.in_flight_bytes, size),
                requests=1000,
            ),
        )
        async with server:
            self._context.log.info("taking records", address=self._listener.address, port=port)
            await self._stopping.wait()
            await server.close(grace=GRACE)

    def stop(self, *, is_last: bool) -> None:
        """Take no more."""
        self._is_last = is_last
        self._stopping.set()
        self._outstanding.stop()

    def collect(self) -> Iterable[Metric]:
        """Return nothing beside what is counted of every input."""
        return ()

    def close(self) -> None:
        """Leave the address; who was not answered sends again."""
        self._listener.leave(is_last=self._is_last)

    async def _answer(self, request: web.Request) -> web.Response:
        if self._stopping.is_set() or not self._outstanding.has_room:
            return web.Response(
                status=429, text="there is no room; come again\n", headers={"Retry-After": "1"}
            )
        body = await request.read()
        try:
            records = records_of(body, request.content_type)
        except ValueError as error:
            return web.Response(status=400, text=f"the body {error}\n")
        if self._properties.add_remote_addr:
            peer = peer_of(request)
            records = [{self._properties.remote_addr_key: peer} | record for record in records]
        delivered = self._hand_over(records, tag_of(request.path) or self._default_tag, len(body))
        try:
            async with asyncio.timeout(WAIT):
                await delivered.wait()
        except TimeoutError:
            return web.Response(
                status=503,
                text="no output has taken it yet; come again\n",
                headers={"Retry-After": "5"},
            )
        headers = {pair[0]: pair[1] for pair in self._properties.success_header}
        return web.Response(status=self._properties.successful_response_code, headers=headers)

    def _hand_over(self, records: list[Record], tag: str, size: int) -> asyncio.Event:
        """Hand over records, each under its tag; return what is set once all are delivered."""
        assert self._intake is not None
        by_tag: dict[str, list[Record]] = {}
        for record in records:
            by_tag.setdefault(self._tag(record, tag), []).append(record)
        delivered = asyncio.Event()
        left = [len(by_tag)]

        def settled() -> None:
            left[0] -= 1
            if not left[0]:
                delivered.set()

        if not by_tag:
            delivered.set()
        for each, some in by_tag.items():
            self._outstanding.hand_over(
                self._intake, each, some, size=size * len(some) // len(records), settled=settled
            )
        return delivered

    def _tag(self, record: Record, tag: str) -> str:
        value = None if self._tag_field is None else self._tag_field.find(record)
        return value[:LONGEST_TAG] if isinstance(value, str) and value else tag


def tag_of(path: str) -> str:
    """Return the tag of a path: `/app.log` is `app.log`; empty for `/`."""
    return _NOT_IN_A_TAG.sub("_", path[1 : LONGEST_TAG + 1])


def records_of(body: bytes, content_type: str) -> list[Record]:
    """Return the records of a body: an object, a list of them, JSON lines, or a form.

    Raises:
        ValueError: it is none of these; nothing of it is taken.
    """
    if content_type == "application/x-www-form-urlencoded":
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        return [dict(pairs)]
    if not content_type.endswith("json") and content_type not in (
        "application/octet-stream",
        "application/jsonl",
        "text/plain",
    ):
        raise ValueError(f"is of the type {content_type[:80]}; post JSON, JSON lines or a form")
    values = _decoded(body)
    if isinstance(values, dict):
        return [values]
    if not isinstance(values, list) or not all(isinstance(each, dict) for each in values):
        raise ValueError("is no JSON object, nor a list or lines of them")
    if len(values) > MOST_RECORDS:
        raise ValueError(f"has more than {MOST_RECORDS} records")
    return values


def _decoded(body: bytes) -> Any:
    """Return the value of a body, a list where it has several lines; None where it is no JSON."""
    try:
        return msgspec.json.decode(body)
    except DECODE_ERRORS:
        try:
            return msgspec.json.Decoder().decode_lines(body)
        except DECODE_ERRORS:
            return None


HTTP_INPUT = Declaration(
    name="http",
    summary="Takes records that clients post.",
    properties=HttpInputProperties,
    accepted={
        "http2": "clients speak HTTP/1.1 where the server does",
        "buffer_chunk_size": "what is read at a time follows what comes",
        "enable_health_endpoint": "/-/healthy and /api/v1/health of the process are always on",
    },
    refused={
        "oauth2.validate": "put a proxy that checks tokens before it",
        "oauth2.jwks_url": "put a proxy that checks tokens before it",
    },
    build=HttpInput,
)
