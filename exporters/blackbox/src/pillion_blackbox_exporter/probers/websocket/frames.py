"""WebSocket's frames (RFC 6455, 5): bytes in, messages and control frames out.

    reader = FrameReader(message_limit=1024)
    reader.feed(data)
    while (frame := reader.next()) is not None: ...

A message may come in fragments with control frames between them; `next` gives it once, whole.
"""

from __future__ import annotations

from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
NORMAL_CLOSURE = 1000

_FIN, _RESERVED, _OPCODE, _MASKED = 0x80, 0x70, 0x0F, 0x80
_LENGTH, _TWO_BYTES, _EIGHT_BYTES = 0x7F, 126, 127
_CONTROL = 0x8
_CONTROL_LIMIT = 125


class FrameError(ValueError):
    """What came breaks the rules; the second half of a sentence that begins with the server."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole message, or a control frame.

    Attributes:
        opcode: TEXT, BINARY, CLOSE, PING or PONG.
        payload: its bytes.
    """

    opcode: int
    payload: bytes


class FrameReader:
    """Takes what a server sends.

    Attributes:
        message_limit: the most bytes of a message.
        frame_limit: the most frames from one message to the next.
    """

    def __init__(self, message_limit: int, frame_limit: int) -> None:
        self.message_limit = message_limit
        self.frame_limit = frame_limit
        self._buffer = bytearray()
        self._at = 0
        self._opcode: int | None = None
        self._message = bytearray()
        self._frames = 0

    def feed(self, data: bytes) -> None:
        """Take bytes as they come."""
        del self._buffer[: self._at]
        self._at = 0
        self._buffer += data

    def next(self) -> Frame | None:
        """Return the next message or control frame; None when it has not come whole.

        Raises:
            FrameError: it never will.
        """
        while (part := self._part()) is not None:
            is_last, opcode, payload = part
            self._frames += 1
            if self._frames > self.frame_limit:
                raise FrameError(f"sent more than {self.frame_limit} frames without a message")
            if opcode & _CONTROL:
                return Frame(opcode, payload)
            frame = self._joined(opcode, payload, is_last=is_last)
            if frame is not None:
                self._frames = 0
                return frame
        return None

    def _part(self) -> tuple[bool, int, bytes] | None:
        """Return the next frame as it stands on the wire."""
        buffer, at = self._buffer, self._at
        if len(buffer) < at + 2:
            return None
        first, second = buffer[at], buffer[at + 1]
        opcode, length = first & _OPCODE, second & _LENGTH
        self._check(first, second, opcode, length)
        start = at + 2
        if length in (_TWO_BYTES, _EIGHT_BYTES):
            size = 2 if length == _TWO_BYTES else 8
            if len(buffer) < start + size:
                return None
            length = int.from_bytes(buffer[start : start + size], "big")
            start += size
        if length + len(self._message) > self.message_limit:
            raise FrameError(f"sent a message of more than {self.message_limit} bytes")
        if len(buffer) < start + length:
            return None
        self._at = start + length
        return bool(first & _FIN), opcode, bytes(buffer[start : start + length])

    def _check(self, first: int, second: int, opcode: int, length: int) -> None:
        if first & _RESERVED:
            raise FrameError("sent a frame with a reserved bit, though no extension was agreed on")
        if second & _MASKED:
            raise FrameError("sent a masked frame, which only a client may")
        if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise FrameError(f"sent a frame with the unknown opcode {opcode}")
        if opcode & _CONTROL and (not first & _FIN or length > _CONTROL_LIMIT):
            raise FrameError("sent a control frame that is too long or in fragments")
        if (opcode == CONTINUATION) != (self._opcode is not None) and not opcode & _CONTROL:
            raise FrameError("sent fragments out of order")

    def _joined(self, opcode: int, payload: bytes, *, is_last: bool) -> Frame | None:
        if self._opcode is None:
            if is_last:
                return Frame(opcode, payload)
            self._opcode = opcode
        self._message += payload
        if not is_last:
            return None
        frame = Frame(self._opcode, bytes(self._message))
        self._opcode = None
        self._message.clear()
        return frame


def encode_frame(opcode: int, payload: bytes, mask: bytes) -> bytes:
    """Return a frame of a client, whole and masked with four random bytes."""
    length = len(payload)
    if length < _TWO_BYTES:
        head = bytes((_FIN | opcode, _MASKED | length))
    elif length <= 0xFFFF:  # noqa: PLR2004  # what two bytes hold
        head = bytes((_FIN | opcode, _MASKED | _TWO_BYTES)) + length.to_bytes(2, "big")
    else:
        head = bytes((_FIN | opcode, _MASKED | _EIGHT_BYTES)) + length.to_bytes(8, "big")
    return head + mask + masked(payload, mask)


def masked(payload: bytes, mask: bytes) -> bytes:
    """Return a payload with its mask laid over it, or taken off."""
    if not payload:
        return b""
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    number = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return number.to_bytes(len(payload), "big")


def close_reason(payload: bytes) -> str:
    """Return what a close frame says, for people."""
    if len(payload) < 2:  # noqa: PLR2004  # the code's bytes
        return "without a code"
    text = payload[2:].decode("utf-8", "replace")
    return f"with code {int.from_bytes(payload[:2], 'big')}" + (f" ({text})" if text else "")
