"""The last minutes of one target, for the landing page: bounded, and sampled at scrapes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pillion_nginx_exporter.scrape import Scrape

LENGTH = 120
_LEAST_DISTANCE = 0.9
"""Seconds: a rate over less than that is mostly noise, and several may scrape at once."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What was seen at one moment.

    Attributes:
        at: when, on the clock of the exporter, in seconds.
        active: open connections; 0 where nginx was down.
        requests: requests since nginx started; None where it was down.
        per_second: requests per second since the moment before; None where that is unknown.
    """

    at: float
    active: int
    requests: int | None
    per_second: float | None


class History:
    """A ring of moments."""

    __slots__ = ("_moments",)

    def __init__(self, length: int = LENGTH) -> None:
        self._moments: deque[Moment] = deque(maxlen=length)

    def note(self, at: float, scrape: Scrape) -> None:
        """Add a scrape, unless it follows the one before too closely."""
        before = self._moments[-1] if self._moments else None
        if before is not None and at - before.at < _LEAST_DISTANCE:
            return
        status = scrape.status
        if status is None:
            self._moments.append(Moment(at, 0, None, None))
            return
        per_second = None
        # A counter that went back is one of an nginx that was started anew in between.
        if before is not None and before.requests is not None:
            grown = status.requests - before.requests
            per_second = grown / (at - before.at) if grown >= 0 else None
        self._moments.append(Moment(at, status.active, status.requests, per_second))

    @property
    def newest(self) -> Moment | None:
        """The last moment, or None."""
        return self._moments[-1] if self._moments else None

    def active(self) -> list[int]:
        """Return the open connections at each moment, oldest first."""
        return [moment.active for moment in self._moments]

    def per_second(self) -> list[float]:
        """Return the requests per second at each moment, oldest first; 0 where unknown."""
        return [moment.per_second or 0.0 for moment in self._moments]
