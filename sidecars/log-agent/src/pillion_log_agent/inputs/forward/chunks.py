"""What has come and is not delivered yet: how much, and whom to tell once it is.

A chunk that comes again while it is on its way (its sender was not patient enough, or lost its
connection) is not taken twice: both are told when it is delivered.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.forward.message import Message


def identity_of(message: Message) -> str:
    """Return what is the same when a chunk with an id comes again, and for no other chunk."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (message.tag.encode("utf-8", "replace"), message.chunk.encode("utf-8", "replace")):
        digest.update(len(part).to_bytes(4, "big") + part)
    digest.update(message.events)
    return digest.hexdigest()


class InFlight:
    """What one input has handed over and outputs have not taken yet, in bytes."""

    __slots__ = ("_changed", "size")

    def __init__(self, changed: Callable[[], None]) -> None:
        """Take what to call when there is more room."""
        self.size = 0
        self._changed = changed

    def add(self, size: int) -> None:
        """Count what was handed over."""
        self.size += size

    def take_away(self, size: int) -> None:
        """Count what was delivered."""
        self.size -= size
        self._changed()


class HeldChunk:
    """One message until all of its records are delivered."""

    __slots__ = ("_delivered", "_parts", "tell")

    def __init__(self, delivered: Callable[[], None]) -> None:
        """Take what to call once all of it is delivered."""
        self._parts = 1
        self._delivered = delivered
        self.tell: list[Callable[[], None]] = []

    def hold(self) -> None:
        """Wait for one part more."""
        self._parts += 1

    def release(self) -> None:
        """Note that a part is delivered; with the last, tell whoever waits."""
        self._parts -= 1
        if not self._parts:
            self._delivered()
            for tell in self.tell:
                tell()


class Part:
    """The source of the receipt of a batch: one part of a message."""

    __slots__ = ("_chunk", "_in_flight", "_weight")

    has_more = False

    def __init__(self, chunk: HeldChunk, in_flight: InFlight, weight: int) -> None:
        chunk.hold()
        in_flight.add(weight)
        self._chunk = chunk
        self._in_flight = in_flight
        self._weight = weight

    def settle(self) -> None:
        """Pass it on."""
        self._in_flight.take_away(self._weight)
        self._chunk.release()

    def split(self, offset: int) -> None:  # noqa: ARG002  # the protocol's
        """Stay whole."""
        return

    def add_weight(self, size: int) -> None:
        """Count what filters have added."""
        self._weight += size
        self._in_flight.add(size)
