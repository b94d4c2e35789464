"""The connections of an input: how many there may be, and how much they may hold together."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from pillion_log_agent.forward.framing import FramingError
from pillion_log_agent.inputs.forward.connection import READ, Connection, RefusedError

if TYPE_CHECKING:
    from pillion.log import Logger

MOST = 1000
"""A connection takes some 70 KiB."""
TELL_SECONDS = 60.0


class Connections:
    """All of one input.

    Where there are too many, or they hold too much of messages that are not whole, the one from
    which nothing has come for the longest time is ended: nobody keeps the others waiting.

    Attributes:
        counts: ended connections by reason (`refused`, `malformed`, `crowded`), and `repeated`
            for chunks that came again while they were on their way.
        accepted: how many there were.
    """

    def __init__(self, log: Logger, most_pending: int) -> None:
        self.counts: Counter[str] = Counter()
        self.accepted = 0
        self._log = log
        self._most_pending = most_pending
        self._open: dict[Connection, asyncio.Task[None]] = {}
        self._ended: set[Connection] = set()
        self._told: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._open)

    async def serve(self, connection: Connection) -> None:
        """Run a connection to its end."""
        self.accepted += 1
        if len(self._open) >= MOST:
            self._end_the_laziest(list(self._open))
        task = asyncio.current_task()
        assert task is not None
        self._open[connection] = task
        connection.grown = self._look_at_pending
        is_closing = True
        try:
            await connection.run()
            # The client has ended its side, and may wait for what is still to be acknowledged.
            is_closing = False
        except RefusedError as error:
            self._note("refused", connection, str(error))
        except FramingError as error:
            self._note("malformed", connection, f"it sent {error}")
        except (OSError, EOFError):
            self.counts["broken"] += 1
        finally:
            del self._open[connection]
            if is_closing:
                connection.close()
            else:
                self._ended.add(connection)
                connection.closed = partial(self._ended.discard, connection)
                connection.finish()

    async def end_reading(self) -> None:
        """Have every connection take what has come, and return when they have."""
        tasks = list(self._open.values())
        for connection in self._open:
            connection.end_reading()
        if tasks:
            await asyncio.wait(tasks)

    def close(self) -> None:
        """End all."""
        for connection in (*self._open, *self._ended):
            connection.close()
        self._ended.clear()

    def note(self, what: str) -> None:
        """Log something odd, once a minute at most."""
        now = asyncio.get_running_loop().time()
        if now >= self._told.get(what, 0.0):
            self._told[what] = now + TELL_SECONDS
            self._log.warning("records were not taken", reason=what)

    def _note(self, reason: str, connection: Connection, words: str) -> None:
        self.counts[reason] += 1
        now = asyncio.get_running_loop().time()
        if now >= self._told.get(reason, 0.0):
            self._told[reason] = now + TELL_SECONDS
            self._log.warning("a connection was ended", peer=connection.peer, reason=words)

    def _look_at_pending(self) -> None:
        large = [each for each in self._open if each.pending > READ]
        if sum(each.pending for each in large) > self._most_pending:
            self._end_the_laziest(large)

    def _end_the_laziest(self, among: list[Connection]) -> None:
        laziest = min(among, key=lambda each: each.active)
        self._note("crowded", laziest, "there are too many, or they hold too much")
        laziest.cut()
