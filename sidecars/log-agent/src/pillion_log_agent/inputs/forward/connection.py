"""One connection of the input `forward`: handshake, messages, acknowledgements."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING

from pillion_log_agent.forward.framing import Framer, FramingError
from pillion_log_agent.forward.handshake import LIMIT, Helo, acknowledgement
from pillion_log_agent.forward.message import parse_message

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pillion_log_agent.forward.handshake import Server
    from pillion_log_agent.forward.message import Message

    Take = Callable[[Message, Callable[[], None]], Awaitable[None]]
    """Hands over a message, and calls back once it is delivered."""

READ = 64 * 1024
HANDSHAKE_SECONDS = 10.0
MOST_UNSENT = 64 * 1024
SALT = 16


class RefusedError(Exception):
    """A client that does not prove what it has to; the words are for the log."""


class Connection:
    """A client.

    Args:
        server: what it has to prove; None where anybody may send.
        take: takes each message.
        reader: what it sends.
        writer: what it is told.
        limit: bytes of one message.

    Attributes:
        peer: its address, for the log.
        pending: bytes of a message that is not whole yet.
        active: when something came from it last, in the loop's seconds.
        grown: what to call when `pending` has changed.
        closed: what to call when it is told nothing more.
    """

    def __init__(
        self,
        server: Server | None,
        take: Take,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        limit: int,
    ) -> None:
        self._server = server
        self._take = take
        self._reader = reader
        self._writer = writer
        self._framer = Framer(limit)
        self._loop = asyncio.get_running_loop()
        self.peer = _shown(writer.get_extra_info("peername"))
        self.pending = 0
        self.active = self._loop.time()
        self.grown: Callable[[], None] | None = None
        self.closed: Callable[[], None] | None = None
        self._owed = 0
        self._has_ended = False

    async def run(self) -> None:
        """Take messages until the client ends.

        Raises:
            RefusedError: it does not know the key.
            FramingError: it sends what is no message.
            OSError: the connection has broken off.
        """
        if self._server is not None:
            try:
                async with asyncio.timeout(HANDSHAKE_SECONDS):
                    await self._shake_hands(self._server)
            except TimeoutError:
                raise RefusedError("it did not finish the handshake in time") from None
        while data := await self._reader.read(READ):
            self._note(data)
            while (found := self._framer.next()) is not None:
                message = parse_message(found)
                tell = partial(self._acknowledge, message.chunk)
                self._owed += bool(message.chunk)
                await self._take(message, tell)
            self.pending = self._framer.pending
            if self.grown is not None:
                self.grown()
            if self._writer.transport.get_write_buffer_size() > MOST_UNSENT:
                # A client that reads no acknowledgements gets no further.
                await self._writer.drain()

    def end_reading(self) -> None:
        """Take what has come already, and no more."""
        self._reader.feed_eof()

    def close(self) -> None:
        """End the connection; acknowledgements that were written go out first."""
        self._writer.close()

    def finish(self) -> None:
        """End the connection when all that came over it is acknowledged."""
        self._has_ended = True
        self._close_if_done()

    def cut(self) -> None:
        """End the connection at once."""
        self._writer.transport.abort()

    def _note(self, data: bytes) -> None:
        self.active = self._loop.time()
        self._framer.feed(data)

    async def _shake_hands(self, server: Server) -> None:
        helo = Helo(os.urandom(SALT), os.urandom(SALT) if server.users else b"")
        self._writer.write(helo.packed())
        while (found := self._framer.next()) is None:
            data = await self._reader.read(READ)
            if not data:
                raise RefusedError("it went before it had answered HELO")
            self._note(data)
            if self._framer.pending > LIMIT + READ:
                raise RefusedError("its PING is too long")
        try:
            answer, refusal = server.answer(found, helo)
        except FramingError:
            raise RefusedError("it knows no handshake; it has to be given the shared_key") from None
        self._writer.write(answer)
        if refusal:
            await self._writer.drain()
            raise RefusedError(refusal)

    def _acknowledge(self, chunk: str) -> None:
        self._owed -= 1
        if not self._writer.transport.is_closing():
            self._writer.write(acknowledgement(chunk))
        self._close_if_done()

    def _close_if_done(self) -> None:
        if self._has_ended and not self._owed:
            self._writer.close()
            if self.closed is not None:
                self.closed()


def _shown(peer: object) -> str:
    return f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) else "unix"
