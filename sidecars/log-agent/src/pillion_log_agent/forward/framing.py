"""Cutting a stream of MessagePack into whole values without building any of them. Pure.

A value is decoded only once all of it is there: a header that claims a length costs nothing, and
what is held of a value that is not whole yet is no more than the bytes that have come.
"""

from __future__ import annotations

import msgpack

SLACK = 1024 * 1024


class FramingError(ValueError):
    """The stream is no MessagePack, is nested too deeply, or a value of it is too large."""


class Framer:
    """Takes bytes as they come, and gives back whole values as bytes."""

    __slots__ = ("_base", "_buffer", "_limit", "_unpacker")

    def __init__(self, limit: int) -> None:
        """Take the most bytes that one value may have."""
        self._limit = limit
        self._buffer = bytearray()
        self._base = 0
        # It goes on where it has stopped: a value that comes in pieces is walked through once.
        self._unpacker = msgpack.Unpacker(max_buffer_size=limit + SLACK)

    @property
    def pending(self) -> int:
        """How many bytes are held of what was not given back yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take bytes; no more than 1 MiB at a time."""
        self._buffer += data
        self._unpacker.feed(data)

    def next(self) -> bytes | None:
        """Return the next value, None when it is not whole yet.

        Raises:
            FramingError: there will never be one; the stream is to be given up.
        """
        end = self._skip()
        return self._cut(end) if end else None

    def next_block(self, values: int, size: int) -> tuple[int, bytes]:
        """Return how many whole values there are, and their bytes; up to a number or a size.

        Raises:
            FramingError: behind what was given back so far, the stream is to be given up.
        """
        count = end = 0
        while count < values and end < size and (found := self._skip()):
            count, end = count + 1, found
        return count, self._cut(end)

    def _skip(self) -> int:
        """Return where the next value ends in the buffer; 0 when it is not whole."""
        try:
            self._unpacker.skip()
        except msgpack.OutOfData:
            if len(self._buffer) > self._limit:
                raise FramingError(f"a value of more than {self._limit} bytes") from None
            return 0
        except msgpack.StackError:
            raise FramingError("a value that is nested too deeply") from None
        except ValueError:
            raise FramingError("what is no MessagePack") from None
        end: int = self._unpacker.tell() - self._base
        return end

    def _cut(self, end: int) -> bytes:
        found = bytes(memoryview(self._buffer)[:end])
        del self._buffer[:end]
        self._base += end
        return found
