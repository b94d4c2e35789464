"""Receipts: how an input learns that what it handed over is where it should be.

There is the one kind of the tail engine for all: whoever takes a batch with a receipt has one hold
of it, and releases that once; who makes more of it holds the receipt once more for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.tail import Receipt, merge

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Receipt", "Undivided", "merge"]


class Undivided:
    """The source of a receipt that cannot be split, and behind which there is nothing."""

    __slots__ = ("_settled",)

    has_more = False

    def __init__(self, settled: Callable[[], None]) -> None:
        """Take what to call once all is delivered."""
        self._settled = settled

    def settle(self) -> None:
        """Pass it on."""
        self._settled()

    def split(self, offset: int) -> None:  # noqa: ARG002  # the protocol's
        """Stay whole."""
        return

    def add_weight(self, size: int) -> None:
        """Count nothing: such an input bounds its batches by their own weight."""
