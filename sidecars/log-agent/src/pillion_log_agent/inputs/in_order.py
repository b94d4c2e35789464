"""Positions that are acknowledged in any order, and move on in theirs. Pure."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class _Part(Generic[T]):
    __slots__ = ("is_settled", "position")

    def __init__(self, position: T) -> None:
        self.position = position
        self.is_settled = False


class InOrder(Generic[T]):
    """What was handed over, up to which position each time.

    Attributes:
        reached: the position up to which all is settled; None before the first.
    """

    def __init__(self) -> None:
        self.reached: T | None = None
        self._parts: deque[_Part[T]] = deque()

    def add(self, position: T) -> _Part[T]:
        """Note that what goes up to a position is on its way."""
        part = _Part(position)
        self._parts.append(part)
        return part

    def settle(self, part: _Part[T]) -> None:
        """Note that it is where it should be."""
        part.is_settled = True
        while self._parts and self._parts[0].is_settled:
            self.reached = self._parts.popleft().position
