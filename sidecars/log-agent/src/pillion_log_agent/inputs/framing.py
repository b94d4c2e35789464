"""Messages in a stream: ended by a separator, or with their length before them. Pure.

Source: RFC 6587, "Transmission of Syslog Messages over TCP".
"""

from __future__ import annotations

import re

_COUNT = re.compile(rb"([1-9]\d{0,8}) ")
_LONGEST_COUNT = 10


class TooLongError(ValueError):
    """A message is longer than it may be."""


class Framer:
    """Takes what comes of one connection, and gives the messages that are whole."""

    __slots__ = ("_counts", "_longest", "_rest", "_separator")

    def __init__(self, separator: bytes, longest: int, *, counts: bool = False) -> None:
        """Begin a stream.

        Args:
            separator: what ends a message.
            longest: the most bytes of one.
            counts: a message that begins with its length ends there.
        """
        self._separator = separator
        self._longest = longest
        self._counts = counts
        self._rest = b""

    @property
    def pending(self) -> int:
        """Bytes of a message that is not whole."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are whole now, without separators or lengths.

        Raises:
            TooLongError: one is too long; the stream cannot be read further.
        """
        data = self._rest + data
        found, at = self._counted(data) if self._counts else self._separated(data)
        self._rest = data[at:]
        if len(self._rest) > self._longest + _LONGEST_COUNT:
            raise TooLongError(f"a message has more than {self._longest} bytes")
        return found

    def _separated(self, data: bytes) -> tuple[list[bytes], int]:
        """Return the messages that are whole, and where they end."""
        end = data.rfind(self._separator)
        if end < 0:
            return [], 0
        messages = [part for part in data[:end].split(self._separator) if part]
        return messages, end + len(self._separator)

    def _counted(self, data: bytes) -> tuple[list[bytes], int]:
        """Return the same where each message may begin with its length."""
        found: list[bytes] = []
        at = 0
        while at < len(data):
            if data[at : at + 1].isdigit():
                start, end = self._bounds(data, at)
                after = end
            else:
                start, end = at, data.find(self._separator, at)
                after = end + len(self._separator)
            if not start <= end <= len(data):
                break
            if end > start:
                found.append(data[start:end])
            at = after
        return found, at

    def _bounds(self, data: bytes, at: int) -> tuple[int, int]:
        """Return where a message with its length begins and ends; an end of -1 is not known."""
        match = _COUNT.match(data, at)
        if match is None:
            if len(data) - at < _LONGEST_COUNT and data[at:].isdigit():
                return at, -1
            raise TooLongError("a message has no length that can be read")
        size = int(match[1])
        if size > self._longest:
            raise TooLongError(f"a message has {size} bytes")
        return match.end(), match.end() + size

    def end(self) -> list[bytes]:
        """Return what is left at the end of the stream, where a separator only is missing."""
        rest, self._rest = self._rest, b""
        is_cut = self._counts and rest[:1].isdigit()
        return [rest] if rest and not is_cut else []
