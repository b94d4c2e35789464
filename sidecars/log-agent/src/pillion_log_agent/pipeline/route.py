"""Routes: which filters and outputs the records of a tag meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion_log_agent.filters.filter import HoldingFilter, RetaggingFilter
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.json_rows import block_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prometheus_client import Metric

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
        self._known: dict[tuple[str, str, bool], Route] = {}

    def route(self, tag: str, origin: Origin) -> Route:
        """Return what records with a tag meet that came by an input: its processors come first.

        What a filter has handed on under another tag has met them already.
        """
        source, is_moved = origin.input, bool(origin.emitters)
        found = self._known.get((tag, source, is_moved))
        if found is None:
            if len(self._known) >= MOST_ROUTES:
                self._known.clear()
            first = () if is_moved else self._of_inputs.get(source, ())
            met = tuple(each for each in self._stages if each.match.meets(tag, source))
            found = self._known[tag, source, is_moved] = Route(
                (*first, *met),
                tuple(each for each in self._targets if each.match.meets(tag, source)),
            )
        return found


def metrics_of(stages: Sequence[Stage]) -> list[Metric]:
    """Return the metrics that filters make of records; those of one name are one."""
    found: dict[str, Metric] = {}
    for stage in stages:
        for metric in getattr(stage.filter, "collect", tuple)():
            known = found.setdefault(metric.name, metric)
            if known is not metric and known.type == metric.type:
                known.samples += metric.samples
    return list(found.values())


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
