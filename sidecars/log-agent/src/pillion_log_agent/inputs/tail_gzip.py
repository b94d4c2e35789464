"""Compressed files below the globs of `tail`: read as the lines that are in them.

A tailer follows the compressed bytes, so that rotation, restarts and acknowledgements are those of
every file: a block is acknowledged when all lines that it has completed are. After a restart the
file is decompressed again up to the position, and nothing of that is handed over.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pillion.tail import Chunk, Receipt
from pillion.tail.lowlevel import Span
from pillion_log_agent.inputs.gzip_lines import GzipLines

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pillion.log import Logger
    from pillion_log_agent.inputs.gzip_lines import LongLines, Piece
    from pillion_log_agent.inputs.input import Intake

MOST_OPEN = 64
"""Files in the middle of their streams; each takes some 45 KB, and a further one is read again."""
MOST_KNOWN = 10_000


def is_compressed(path: str) -> bool:
    """Return whether a path is that of a gzip file, as fluent-bit tells it."""
    return path[-3:].lower() == ".gz"


class GzipFiles:
    """The compressed files of one input.

    Attributes:
        is_stopping: read no more; what was not acknowledged is read again.
    """

    def __init__(self, longest: int, long_lines: LongLines, most: int, log: Logger) -> None:
        self.is_stopping = False
        self._longest = longest
        self._long_lines = long_lines
        self._most = most
        self._log = log
        self._files: dict[str, GzipLines | None] = {}
        self._in_flight = 0
        self._has_room = asyncio.Event()

    def stop(self) -> None:
        """Read no more."""
        self.is_stopping = True
        self._has_room.set()

    async def chunks(self, chunk: Chunk, intake: Intake) -> AsyncIterator[Chunk]:
        """Yield the lines that a compressed chunk completes, as chunks of the text.

        Waits while too much of that is in flight.
        """
        block = _Block(chunk, self)
        try:
            lines = await self._lines_of(chunk)
            if lines is not None:
                async for piece in self._pieces(lines, chunk):
                    if piece.is_dropped:
                        intake.drop(1, "long_line")
                    else:
                        yield block.hand_out(piece)
                        await self._room()
                    if self.is_stopping:
                        return
        except (OSError, ValueError) as error:
            self._files[chunk.identity] = None
            self._log.error("a file cannot be decompressed", path=chunk.path, error=str(error))
            intake.drop(1, "not_gzip")
        block.close()

    async def _lines_of(self, chunk: Chunk) -> GzipLines | None:
        """Return how far a file has been decompressed; None where it cannot be."""
        if chunk.identity in self._files:
            return self._files[chunk.identity]
        lines = GzipLines(self._longest, self._long_lines)
        for before in chunk.before():
            for _ in lines.feed(before):
                await asyncio.sleep(0)
        lines.finish()
        self._keep(chunk.identity, lines)
        return lines

    async def _pieces(self, lines: GzipLines, chunk: Chunk) -> AsyncIterator[Piece]:
        for piece in lines.feed(chunk.data):
            if piece is None:
                await asyncio.sleep(0)
            else:
                yield piece
        if not chunk.has_more and (last := lines.finish()) is not None:
            yield last

    def _keep(self, identity: str, lines: GzipLines) -> None:
        self._files[identity] = lines
        is_open = [key for key, each in self._files.items() if each and not each.is_at_end]
        if len(is_open) > MOST_OPEN:
            del self._files[is_open[0]]
        if len(self._files) > MOST_KNOWN:
            del self._files[next(iter(self._files))]

    async def _room(self) -> None:
        await asyncio.sleep(0)
        while self._in_flight > self._most and not self.is_stopping:
            self._has_room.clear()
            await self._has_room.wait()

    def handed_out(self, size: int) -> None:
        """Take note of bytes that are on their way, or, below 0, that have come there."""
        self._in_flight += size
        self._has_room.set()


class _Block:
    """One compressed chunk on its way as pieces of text: where their spans come from and go to."""

    def __init__(self, chunk: Chunk, files: GzipFiles) -> None:
        self.path = chunk.path
        self.identity = chunk.identity
        self.descriptor = -1
        self.has_unread = True
        self.weight = 0
        self._chunk = chunk
        self._files = files
        self._waiting = 1  # for `close`

    def hand_out(self, piece: Piece) -> Chunk:
        """Return a piece as a chunk of the text."""
        data = piece.data
        end = piece.start + len(data)
        span = Span(self, data, piece.start, end, 0, after="whole", trail=b"", settled=self)
        self._waiting += 1
        self._files.handed_out(len(data))
        return Chunk(span, Receipt(span), starts_line=piece.starts_line)

    def close(self) -> None:
        """Take note that all of it is handed out."""
        self.has_unread = self._chunk.has_more
        self.settle()

    def put(self, span: Span) -> None:
        """Take a span that is delivered."""
        self._files.handed_out(-len(span.data))
        self.settle()

    def settle(self) -> None:
        """Acknowledge the compressed chunk with the last of what came of it."""
        self._waiting -= 1
        if not self._waiting:
            self._chunk.ack()

    def trail_inside(self, span: Span, length: int) -> bytes:  # noqa: ARG002  # the protocol's
        """Return nothing: the position is that of the compressed file."""
        return b""

    def hand_out_rest(self, span: Span, rest: Span) -> None:  # noqa: ARG002  # the protocol's
        """Wait for the second part of a span that was cut, too."""
        self._waiting += 1
