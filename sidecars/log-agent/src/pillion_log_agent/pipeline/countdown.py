"""Acknowledging a chunk whose lines leave in several batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Countdown:
    """Acknowledges a chunk once all that came of it has been delivered."""

    __slots__ = ("_ack", "_count")

    def __init__(self, ack: Callable[[], None]) -> None:
        self._ack = ack
        self._count = 1

    def hold(self) -> None:
        """Wait for one thing more."""
        self._count += 1

    def release(self) -> None:
        """Say that one thing is delivered."""
        self._count -= 1
        if self._count == 0:
            self._ack()


def releasing(chunks: Sequence[Countdown]) -> Callable[[], None]:
    """Return what releases each of the chunks once."""

    def release() -> None:
        for chunk in chunks:
            chunk.release()

    return release
