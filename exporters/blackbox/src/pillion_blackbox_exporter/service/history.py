"""The recent probes, kept to be looked at; failed ones are kept longer than good ones."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pillion.masking import masked_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pillion_blackbox_exporter.configuration import Module
    from pillion_blackbox_exporter.runner.run import Result


@dataclass(frozen=True, slots=True)
class Entry:
    """One probe that is over.

    Attributes:
        id: counts up from 0.
        at: when it began, in unix time.
        name: the module's name.
        module: as it was at the time.
        target: as it was asked for: there may be a secret in it.
        result: what came of it.
    """

    id: int
    at: float
    name: str
    module: Module
    target: str = field(repr=False)
    result: Result

    @property
    def shown_target(self) -> str:
        """The target as it may be shown."""
        return masked_target(self.target)


class History:
    """The last probes, and beside them as many failed ones that would otherwise be gone."""

    __slots__ = ("_failed", "_limit", "_next", "_recent")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._next = 0
        self._recent: deque[Entry] = deque()
        self._failed: deque[Entry] = deque(maxlen=limit)

    def add(self, at: float, name: str, module: Module, target: str, result: Result) -> None:
        """Keep a probe."""
        self._recent.append(Entry(self._next, at, name, module, target, result))
        self._next += 1
        if len(self._recent) > self._limit:
            oldest = self._recent.popleft()
            if not oldest.result.success:
                self._failed.append(oldest)

    def newest_first(self) -> Iterator[Entry]:
        """Yield what is kept."""
        yield from reversed(self._recent)
        yield from reversed(self._failed)

    def by_id(self, number: int) -> Entry | None:
        """Return a probe by its id."""
        return next((entry for entry in self.newest_first() if entry.id == number), None)

    def last_of(self, target: str, name: str = "") -> Entry | None:
        """Return the last probe of a target, by a module or by any.

        The target may be written as it was probed, or as it is shown.
        """
        return next(
            (
                entry
                for entry in self.newest_first()
                if name in ("", entry.name) and target in (entry.target, entry.shown_target)
            ),
            None,
        )
