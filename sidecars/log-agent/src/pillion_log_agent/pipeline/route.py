"""Routes: which filters and outputs the records of a tag meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion_log_agent.filters.filter import HoldingFilter, RetaggingFilter
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.json_rows import block_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pillion_log_agent.filters.filter import Filter
    from pillion_log_agent.patterns.tags import Match
    from pillion_log_agent.pipeline.dispatch import Dispatcher
    from pillion_log_agent.records.origin import Origin

MOST_ROUTES = 10_000


@dataclass(frozen=True, slots=True)
class Stage:
    """A filter, and the tags that it meets."""

    name: str
    match: Match
    filter: Filter | HoldingFilter | RetaggingFilter


@dataclass(frozen=True, slots=True)
class Target:
    """An output, the tags that it meets, and the processors before it."""

    match: Match
    dispatcher: Dispatcher
    processors: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """The way of one tag: filters, then outputs."""

    stages: tuple[Stage, ...]
    targets: tuple[Target, ...]


class Router:
    """Knows the ways of tags; each is looked for once."""

    def __init__(
        self,
        stages: Sequence[Stage],
        targets: Sequence[Target],
        of_inputs: Mapping[str, tuple[Stage, ...]],
    ) -> None:
        """Take the filters, the outputs, and the processors of inputs by their names."""
        self._stages = stages
        self._targets = targets
        self._of_inputs = of_inputs
        self._known: dict[tuple[str, str], Route] = {}

    def route(self, tag: str, origin: Origin) -> Route:
        """Return what records with a tag meet: the processors of their input come first.

        What a filter has handed on under another tag has met them already.
        """
        is_of_input = origin.input in self._of_inputs and not origin.emitters
        name = origin.input if is_of_input else ""
        found = self._known.get((name, tag))
        if found is None:
            if len(self._known) >= MOST_ROUTES:
                self._known.clear()
            met = tuple(stage for stage in self._stages if stage.match.meets(tag))
            found = self._known[name, tag] = Route(
                (*self._of_inputs[name], *met) if name else met,
                tuple(each for each in self._targets if each.match.meets(tag)),
            )
        return found


def shares_of(batch: Batch, route: Route) -> list[tuple[Target, Batch]]:
    """Return what each output of a route gets of a batch."""
    return [
        (target, _processed(batch, target) if target.processors else batch)
        for target in route.targets
    ]


def taken_out(batch: Batch, shares: Sequence[tuple[Target, Batch]]) -> int:
    """Return how many records of a batch no output gets."""
    if not all(target.processors for target, _ in shares):
        return 0
    kept = {offset for _, share in shares for offset in share.offsets}
    return sum(offset not in kept for offset in batch.offsets)


def _processed(batch: Batch, target: Target) -> Batch:
    """Return what the processors of an output make of a batch, which others may have too."""
    made = Batch(
        batch.tag,
        batch.origin,
        batch.times,
        block=block_of(batch.bodies()),
        offsets=batch.offsets,
        size=batch.size,
    )
    for stage in target.processors:
        if len(made):
            assert not isinstance(stage.filter, (HoldingFilter, RetaggingFilter))
            made = stage.filter.apply(made)
    made.seal()
    return made
