"""The input `forward`: a server of the forward protocol.

Nothing of it is on this node's disk: a chunk is acknowledged once every output has taken it. While
there is no room, connections are not read, and their senders wait.
"""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion_log_agent.forward.events import blocks_of, decode_events
from pillion_log_agent.forward.framing import FramingError
from pillion_log_agent.forward.handshake import Server
from pillion_log_agent.inputs.forward.chunks import HeldChunk, InFlight, Part, identity_of
from pillion_log_agent.inputs.forward.connection import Connection
from pillion_log_agent.inputs.forward.connections import Connections
from pillion_log_agent.network.listener import Listener
from pillion_log_agent.network.tls import make_server_context
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.receipt import Receipt
from pillion_log_agent.records.timestamps import Timestamps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client import Metric

    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.forward.message import Message
    from pillion_log_agent.inputs.forward.properties import ForwardInputProperties
    from pillion_log_agent.inputs.input import InputContext, Intake

UNFOLDING = 10
"""How many times their size compressed events may unfold into."""
TLS_SECONDS = 10.0


class ForwardInput:
    """One address at which messages come."""

    def __init__(
        self,
        properties: ForwardInputProperties,
        shared: InputProperties,
        context: InputContext,
    ) -> None:
        self._properties = properties
        self._context = context
        self._tag = shared.tag
        sockets = context.handover.sockets
        if properties.unix_path:
            self.listener = Listener.unix(properties.unix_path, properties.unix_perm, sockets)
        else:
            self.listener = Listener.tcp(properties.listen, properties.port, sockets, context.name)
        context.claim(f"listen: {self.listener.address}")
        self._tls = make_server_context(
            properties, verifies_clients=properties.tls_verify_client_cert
        )
        self.server = _server_of(properties)
        self._started = f"{context.name}-{context.wall_ns():x}"
        self._messages = 0
        self._held: dict[str, HeldChunk] = {}
        self._in_flight = InFlight(self._wake)
        self._room = asyncio.Event()
        self._stopping = asyncio.Event()
        self._is_last = False
        self._intake: Intake | None = None
        self.connections = Connections(context.log, max(2 * properties.buffer_max_size, 32 << 20))

    def prepare(self) -> None:
        """Bind the address, unless an input at work has it."""
        self.listener.prepare()

    async def run(self, intake: Intake) -> None:
        """Take messages until `stop`."""
        self._intake = intake
        accepting = self.listener.take()
        bound = accepting.getsockname()
        server = await asyncio.start_server(
            self._serve,
            sock=accepting,
            ssl=self._tls,
            ssl_handshake_timeout=TLS_SECONDS if self._tls is not None else None,
        )
        self._context.log.info(
            "taking records", address=self.listener.address, port=_port_of(bound)
        )
        try:
            await self._stopping.wait()
        finally:
            server.close()
        # What has come whole is handed over; the connections stay open for acknowledgements.
        await self.connections.end_reading()

    def stop(self, *, is_last: bool) -> None:
        """Read no more."""
        self._is_last = is_last
        self._stopping.set()
        self._room.set()

    def collect(self) -> Iterable[Metric]:
        """Return what is counted of connections."""
        from pillion_log_agent.inputs.forward.metrics import (  # noqa: PLC0415  # only scrapes
            forward_metrics,
        )

        return forward_metrics(self._context.name, self.connections)

    def close(self) -> None:
        """Close the connections; whoever was told nothing sends again."""
        self.connections.close()
        self.listener.leave(is_last=self._is_last)

    async def take(self, message: Message, tell: Callable[[], None]) -> None:
        """Hand over a message as fast as there is room for it; `tell` once it is delivered.

        Raises:
            FramingError: it is no message that can be read; what came before it is.
        """
        chunk = self._held_again(message, tell)
        if chunk is None:
            return
        try:
            await self._hand_over(message, chunk)
        except FramingError:
            # It is not acknowledged, since not all of it could be taken.
            chunk.tell.clear()
            raise
        finally:
            chunk.release()

    def _held_again(self, message: Message, tell: Callable[[], None]) -> HeldChunk | None:
        """Return what holds a message; None where it is on its way already."""
        self._messages += 1
        if not message.chunk:
            return HeldChunk(_nothing)
        identity = identity_of(message)
        found = self._held.get(identity)
        if found is not None:
            self.connections.counts["repeated"] += 1
            found.tell.append(tell)
            return None
        made = self._held[identity] = HeldChunk(partial(self._forget, identity))
        made.tell.append(tell)
        return made

    def _forget(self, identity: str) -> None:
        del self._held[identity]

    async def _hand_over(self, message: Message, chunk: HeldChunk) -> None:
        intake, context = self._intake, self._context
        assert intake is not None
        if message.signal:
            intake.drop(1, "no_log")
            self.connections.note(f"{message.signal} came, and logs only are taken")
            return
        tag = self._tag_of(message.tag)
        name = identity_of(message) if message.chunk else f"{self._started}-{self._messages:x}"
        origin = Origin(context.name, "", name)
        limit = UNFOLDING * self._properties.buffer_max_size
        number = 0
        for count, block in blocks_of(message.events, message.compression, limit):
            await self._wait_for_room()
            events = decode_events(count, block, context.wall_ns())
            if events.malformed:
                intake.drop(events.malformed, "malformed")
                self.connections.note("an event is not a time and a record")
            if not events.records:
                continue
            batch = Batch(
                tag,
                origin,
                Timestamps(events.times),
                records=events.records,
                offsets=list(range(number, number + len(events.records))),
                size=len(block),
            )
            number += count
            intake.take(batch, Receipt(Part(chunk, self._in_flight, batch.read_weight)))

    async def _wait_for_room(self) -> None:
        while self._in_flight.size >= self._context.in_flight_bytes:
            if self._stopping.is_set():
                return
            self._room.clear()
            await self._room.wait()

    def _wake(self) -> None:
        if self._in_flight.size < self._context.in_flight_bytes:
            self._room.set()

    def _tag_of(self, tag: str) -> str:
        if self._properties.tag_prefix:
            return self._properties.tag_prefix + tag
        return self._tag or tag

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(
            self.server, self.take, reader, writer, self._properties.buffer_max_size
        )
        await self.connections.serve(connection)


def _server_of(properties: ForwardInputProperties) -> Server | None:
    """Return what clients have to prove; None where anybody may send."""
    key = properties.shared_key
    if not key and not properties.empty_shared_key:
        if properties.security_users:
            raise ConfigurationError("security.users: needs shared_key, or empty_shared_key on")
        return None
    users = {user: password for user, password in properties.security_users}  # noqa: C416  # a dict() of words of any number has no type
    return Server(properties.self_hostname or socket.gethostname(), key or "", users)


def _port_of(bound: object) -> int:
    return bound[1] if isinstance(bound, tuple) else 0


def _nothing() -> None:
    """Nobody waits for a message without an id."""
