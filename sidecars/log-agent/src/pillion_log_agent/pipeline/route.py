"""Routes: which filters and outputs the records of a tag meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.filters.filter import Filter, HoldingFilter, RetaggingFilter
    from pillion_log_agent.patterns.tags import Match
    from pillion_log_agent.pipeline.dispatch import Dispatcher

MOST_ROUTES = 10_000


@dataclass(frozen=True, slots=True)
class Stage:
    """A filter, and the tags that it meets."""

    name: str
    match: Match
    filter: Filter | HoldingFilter | RetaggingFilter


@dataclass(frozen=True, slots=True)
class Target:
    """An output, and the tags that it meets."""

    match: Match
    dispatcher: Dispatcher


@dataclass(frozen=True, slots=True)
class Route:
    """The way of one tag."""

    stages: tuple[Stage, ...]
    dispatchers: tuple[Dispatcher, ...]


class Router:
    """Knows the ways of tags; each is looked for once."""

    def __init__(self, stages: Sequence[Stage], targets: Sequence[Target]) -> None:
        self._stages = stages
        self._targets = targets
        self._known: dict[tuple[str, str], Route] = {}

    def route(self, tag: str, source: str) -> Route:
        """Return which filters and outputs records with a tag meet that came by an input."""
        found = self._known.get((tag, source))
        if found is None:
            if len(self._known) >= MOST_ROUTES:
                self._known.clear()
            found = self._known[tag, source] = Route(
                tuple(each for each in self._stages if each.match.meets(tag, source)),
                tuple(each.dispatcher for each in self._targets if each.match.meets(tag, source)),
            )
        return found
