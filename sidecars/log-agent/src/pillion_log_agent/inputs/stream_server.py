"""A server that takes messages over connections: TCP with or without TLS, or a unix socket.

Nothing is acknowledged: while there is no room connections are not read, and the window closes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from pillion_log_agent.inputs.framing import TooLongError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from pillion_log_agent.inputs.framing import Framer
    from pillion_log_agent.inputs.input import InputContext
    from pillion_log_agent.inputs.outstanding import Outstanding
    from pillion_log_agent.network.listener import Listener

    Take = Callable[[list[bytes], str], None]

MOST = 1000
READ = 64 * 1024
HANDSHAKE = 10.0
TELL_SECONDS = 60.0


class StreamServer:
    """Serves one address.

    Where there are too many connections, the one from which nothing has come for the longest
    time is ended: nobody keeps others out.
    """

    def __init__(
        self,
        listener: Listener,
        context: InputContext,
        outstanding: Outstanding,
        *,
        framer: Callable[[], Framer],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.listener = listener
        self.ended: Counter[str] = Counter()
        self._context = context
        self._outstanding = outstanding
        self._framer = framer
        self._tls = tls
        self._active: dict[asyncio.StreamWriter, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._take: Take | None = None
        self._due = 0.0

    async def serve(self, take: Take, stopping: asyncio.Event) -> None:
        """Take messages until told to stop; then those that have come whole."""
        self._take = take
        accepting = self.listener.take()
        bound = accepting.getsockname()
        server = await asyncio.start_server(
            self._serve,
            sock=accepting,
            ssl=self._tls,
            limit=READ,
            ssl_handshake_timeout=HANDSHAKE if self._tls is not None else None,
        )
        port = bound[1] if isinstance(bound, tuple) else 0
        self._context.log.info("taking records", address=self.listener.address, port=port)
        try:
            await stopping.wait()
        finally:
            server.close()
            for writer in list(self._active):
                writer.close()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=1.0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        loop = asyncio.get_running_loop()
        if len(self._active) >= MOST:
            laziest = min(self._active, key=self._active.__getitem__)
            self._note("crowded", f"there are more than {MOST} connections")
            laziest.transport.abort()
        self._active[writer] = loop.time()
        try:
            await self._read(reader, writer)
        except TooLongError as error:
            self._note("too_long", str(error))
        except OSError:
            self.ended["broken"] += 1
        finally:
            self._active.pop(writer, None)
            self._tasks.discard(task)
            writer.close()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._take is not None
        framer = self._framer()
        address = writer.get_extra_info("peername")
        peer = str(address[0]) if isinstance(address, tuple) and address else ""
        loop = asyncio.get_running_loop()
        while data := await reader.read(READ):
            self._active[writer] = loop.time()
            if messages := framer.feed(data):
                self._take(messages, peer)
            await self._outstanding.wait_for_room()
        if messages := framer.end():
            self._take(messages, peer)

    def _note(self, reason: str, words: str) -> None:
        self.ended[reason] += 1
        now = asyncio.get_running_loop().time()
        if now >= self._due:
            self._due = now + TELL_SECONDS
            self._context.log.warning("a connection was ended", reason=words)
