"""Counting down to an acknowledgement, where more than one thing comes of what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Countdown:
    """Acknowledges what was read once all that came of it has been delivered."""

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
