"""Reads access logs from files, and counts what is appended to them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from pillion.tail import Checkpoint, FromLine, LastLines, Tailer, TailOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion.lifecycle import Deadline, Health
    from pillion.log import Logger
    from pillion.tail import Chunk

_CHUNK_BYTES = 128 * 1024
_IN_FLIGHT_BYTES = 1024 * 1024
_LINE_END = 86400.0
"""Seconds: nginx ends each line, in one write or another, so that its end is worth waiting for."""
_LONGEST_LINE = 256 * 1024


class FileReader:
    """Follows access logs.

    Attributes:
        tailer: what reads them.
    """

    def __init__(
        self,
        paths: Sequence[str],
        *,
        state_dir: str | None,
        from_head: bool,
        reclaim: bool,
        count: Callable[[bytes], None],
        log: Logger,
    ) -> None:
        """Open the checkpoint.

        Raises:
            ConfigurationError: the directory of the state is in use, or is none.
        """
        self._count = count
        self._task: asyncio.Task[None] | None = None
        self.tailer = Tailer(
            paths,
            checkpoint=Checkpoint(state_dir) if state_dir else None,
            options=TailOptions(
                start=FromLine(1) if from_head else LastLines(0),
                chunk_bytes=_CHUNK_BYTES,
                in_flight_bytes=_IN_FLIGHT_BYTES,
                max_line_bytes=_LONGEST_LINE,
                long_lines="truncate",
                partial_flush=_LINE_END,
                count_lines=False,
                reclaim=reclaim,
            ),
            log=log,
        )

    def start(self) -> None:
        """Begin to read, in this event loop."""
        self._task = asyncio.create_task(self._read())

    def look(self, health: Health, part: str) -> None:
        """Say whether it can read what it was told to, under the name of a part."""
        blind = self.tailer.why_blind
        if blind is not None:
            health.block(part, f"the access log is not read: {blind}")
        else:
            health.unblock(part)

    async def close(self, deadline: Deadline) -> None:
        """Count what is there, and write the checkpoint."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            while not deadline.passed and (chunks := self.tailer.step()):
                for chunk in chunks:
                    self._take(chunk)
                await asyncio.sleep(0)
        self.tailer.close()

    async def _read(self) -> None:
        async for chunk in self.tailer:
            self._take(chunk)
            await asyncio.sleep(0)

    def _take(self, chunk: Chunk) -> None:
        data = chunk.data
        if not chunk.starts_line:  # the rest of a line that was counted with its first piece
            data = data[data.find(b"\n") + 1 :] if b"\n" in data else b""
        self._count(data)
        chunk.ack()
