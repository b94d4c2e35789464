"""The content of a response: decompressed, counted, limited, and kept where it is matched."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, Any, Protocol

from pillion_blackbox_exporter.failure import ProbeError

if TYPE_CHECKING:
    from collections.abc import Iterator

SLICE = 256 * 1024
KEPT_LIMIT = 10 * 1024 * 1024
_GZIP, _RAW = 31, -15


class Decoder(Protocol):
    """Turns what was sent into what it stands for, a bounded slice at a time."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what a piece of the content stands for; raise ValueError when it is broken."""
        ...

    def end(self) -> None:
        """Raise ValueError when the content ended too early."""
        ...


class Content:
    """Takes the content as it comes.

    Attributes:
        length: how many bytes there were after decompression, at most the limit.
        kept: the bytes, where they are wanted, at most 10 MiB.
        is_cut: whether there was more than was kept.
    """

    __slots__ = ("_decoder", "_keep", "_limit", "is_cut", "kept", "length")

    def __init__(self, compression: str, limit: int, *, keep: bool) -> None:
        """Set up.

        Args:
            compression: `gzip`, `br`, `deflate`, `identity` or nothing.
            limit: how many bytes there may be after decompression; 0 is no limit.
            keep: whether the bytes are wanted, to be matched.
        """
        self._decoder = _decoder(compression)
        self._limit = limit
        self._keep = keep
        self.length = 0
        self.kept = bytearray()
        self.is_cut = False

    async def take(self, data: bytes) -> None:
        """Take a piece; others get their turn while a large one unfolds.

        Raises:
            ProbeError: it cannot be decompressed, or the limit is passed.
        """
        if self._decoder is None:
            self._add(data)
            return
        slices = self._decoder.decode(data)
        try:
            for piece in slices:
                self._add(piece)
                if len(piece) >= SLICE:
                    await asyncio.sleep(0)
        except ValueError as error:
            raise ProbeError("compression", f"the content is not as agreed: {error}") from None

    def end(self) -> None:
        """Say that there is no more.

        Raises:
            ProbeError: it was cut short.
        """
        if self._decoder is None:
            return
        try:
            self._decoder.end()
        except ValueError as error:
            raise ProbeError("compression", f"the content is not as agreed: {error}") from None

    def _add(self, piece: bytes) -> None:
        over = self._limit and self.length + len(piece) - self._limit
        if over > 0:
            piece = piece[: len(piece) - over]
        self.length += len(piece)
        if self._keep:
            room = KEPT_LIMIT - len(self.kept)
            self.kept += piece[:room]
            self.is_cut = self.is_cut or len(piece) > room
        if over > 0:
            raise ProbeError("body_size", f"the content is longer than {self._limit} bytes")


class _Zlib:
    """gzip (RFC 1952), any number of members, or raw deflate (RFC 1951)."""

    __slots__ = ("_any", "_bits", "_inflate", "_is_whole")

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._inflate = zlib.decompressobj(bits)
        self._any = False
        self._is_whole = False

    def decode(self, data: bytes) -> Iterator[bytes]:
        while data:
            self._any = True
            if self._is_whole:
                if self._bits != _GZIP:
                    raise ValueError("there is more after its end")
                self._inflate, self._is_whole = zlib.decompressobj(self._bits), False
            try:
                piece = self._inflate.decompress(data, SLICE)
            except zlib.error as error:
                raise ValueError(str(error).rpartition(": ")[2]) from None
            self._is_whole = self._inflate.eof
            data = self._inflate.unused_data if self._is_whole else self._inflate.unconsumed_tail
            if piece:
                yield piece

    def end(self) -> None:
        if not self._is_whole:
            raise ValueError("it is cut short" if self._any else "it is empty")


class _Brotli:
    """Brotli (RFC 7932)."""

    __slots__ = ("_inflate",)

    def __init__(self) -> None:
        import brotli  # 0.2 MB, where a module asks for br  # noqa: PLC0415

        self._inflate: Any = brotli.Decompressor()

    def decode(self, data: bytes) -> Iterator[bytes]:
        import brotli  # noqa: PLC0415

        try:
            piece = self._inflate.process(data, output_buffer_limit=SLICE)
            while piece or not self._inflate.can_accept_more_data():
                yield piece
                piece = self._inflate.process(b"", output_buffer_limit=SLICE)
        except brotli.error as error:
            raise ValueError(str(error)) from None

    def end(self) -> None:
        if not self._inflate.is_finished():
            raise ValueError("it is cut short")


def _decoder(compression: str) -> Decoder | None:
    if compression == "gzip":
        return _Zlib(_GZIP)
    if compression == "deflate":
        return _Zlib(_RAW)
    return _Brotli() if compression == "br" else None
