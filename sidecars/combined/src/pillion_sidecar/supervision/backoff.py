"""How long to wait before a role is started again."""

from __future__ import annotations

SHORTEST, LONGEST = 1.0, 60.0
LONG_ENOUGH = 300.0
"""Who has run for so many seconds begins anew with the shortest wait, as in Kubernetes."""


class Backoff:
    """Twice as long after each failure that follows soon upon the one before."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next = SHORTEST

    def after(self, ran: float) -> float:
        """Return the seconds to wait after a life of so many seconds."""
        if ran >= LONG_ENOUGH:
            self._next = SHORTEST
        wait, self._next = self._next, min(2 * self._next, LONGEST)
        return wait
