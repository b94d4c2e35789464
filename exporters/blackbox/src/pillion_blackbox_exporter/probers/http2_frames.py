"""The frames of HTTP/2 (RFC 9113, 4.1), one at a time and of bounded length. Pure.

h2 would wait for a frame of any length to come whole before it refuses it: up to 16 MB, and as
long as it takes where a server of another protocol answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAME_LIMIT = 16 * 1024  # the most that is allowed without asking (RFC 9113, 4.2)
FRAME_HEADER, TYPE_AT = 9, 3
_SETTINGS = 4


class FrameError(ValueError):
    """What came is no frame that may come; the message goes on after "the server"."""


class FrameBuffer:
    """Takes bytes as they come, and gives the frames that are whole."""

    __slots__ = ("_buffer", "_is_first")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._is_first = True

    def frames(self, data: bytes) -> Iterator[bytes]:
        """Take bytes, and yield every frame that is whole with them.

        Raises:
            FrameError: the next frame is too long, or the first is not SETTINGS.
        """
        buffer = self._buffer
        buffer += data
        while len(buffer) >= FRAME_HEADER:
            length = int.from_bytes(buffer[:TYPE_AT], "big")
            if self._is_first and (buffer[TYPE_AT] != _SETTINGS or length > FRAME_LIMIT):
                raise FrameError("does not speak HTTP/2")
            if length > FRAME_LIMIT:
                raise FrameError("sent a frame that is too long")
            if len(buffer) < FRAME_HEADER + length:
                return
            frame = bytes(buffer[: FRAME_HEADER + length])
            del buffer[: FRAME_HEADER + length]
            self._is_first = False
            yield frame
