"""The lines of a gzip file, from its bytes as they come. Pure.

Source: RFC 1952. Members follow one another; zeros behind the last one are padding.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE_BYTES = 256 * 1024
"""The most that is decompressed at once, however small it was."""
_GZIP = 16 + zlib.MAX_WBITS

LongLines = Literal["split", "truncate", "drop"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines with their newlines; the last may have none.

    Attributes:
        data: the bytes.
        start: where the first stands in the text.
        starts_line: false where it goes on with a line that was too long for one piece.
        is_dropped: it is the beginning of a line that is too long, and goes no further.
    """

    data: bytes
    start: int
    starts_line: bool = True
    is_dropped: bool = False


class GzipLines:
    """What is known of one file between two blocks of it."""

    __slots__ = (
        "_inflate",
        "_is_inside",
        "_is_skipping",
        "_long_lines",
        "_longest",
        "_rest",
        "_start",
    )

    def __init__(self, longest: int, long_lines: LongLines) -> None:
        self._longest = longest
        self._long_lines = long_lines
        self._inflate: zlib._Decompress | None = None
        self._rest = b""
        self._start = 0
        self._is_inside = False
        self._is_skipping = False

    @property
    def is_at_end(self) -> bool:
        """Whether nothing is left of what was fed."""
        return self._inflate is None and not self._rest

    def feed(self, data: bytes) -> Iterator[Piece | None]:
        """Yield the lines that a block completes, or None where it took work and completed none.

        Raises:
            ValueError: it is not gzip.
        """
        for text in self._texts(data):
            piece = self._piece(text)
            yield piece
            while len(self._rest) > self._longest:
                yield self._too_long()

    def finish(self) -> Piece | None:
        """Return the last line where it has no newline and its member is complete."""
        if self._inflate is not None or not self._rest:
            return None
        piece = Piece(self._rest, self._start, starts_line=not self._is_inside)
        self._start += len(self._rest)
        self._rest, self._is_inside = b"", False
        return piece

    def _texts(self, data: bytes) -> Iterator[bytes]:
        while True:
            if self._inflate is None:
                data = data.lstrip(b"\0")
                if not data:
                    return
                self._inflate = zlib.decompressobj(_GZIP)
            try:
                text = self._inflate.decompress(data, PIECE_BYTES)
            except zlib.error as error:
                raise ValueError(str(error)) from None
            data = self._inflate.unconsumed_tail
            is_over = self._inflate.eof
            if is_over:
                data = self._inflate.unused_data
                self._inflate = None
            if text:
                yield text
            if not data and (is_over or len(text) < PIECE_BYTES):
                return

    def _piece(self, text: bytes) -> Piece | None:
        if self._is_skipping:
            newline = text.find(b"\n") + 1
            self._start += newline or len(text)
            self._is_skipping = not newline
            text = text[newline:] if newline else b""
        block = self._rest + text
        end = block.rfind(b"\n") + 1
        self._rest = block[end:]
        if not end:
            return None
        piece = Piece(block[:end], self._start, starts_line=not self._is_inside)
        self._start += end
        self._is_inside = False
        return piece

    def _too_long(self) -> Piece:
        """Take the beginning off a line that is longer than may be."""
        is_dropped = self._long_lines == "drop"
        piece = Piece(
            self._rest[: self._longest],
            self._start,
            starts_line=not self._is_inside,
            is_dropped=is_dropped,
        )
        if self._long_lines == "split":
            self._start += self._longest
            self._rest = self._rest[self._longest :]
            self._is_inside = True
        else:
            self._start += len(self._rest)
            self._rest = b""
            self._is_skipping = True
        return piece
