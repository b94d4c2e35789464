"""Building a pipeline of a configuration: every error at once, and nothing opened."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from pillion.errors import ConfigurationError
from pillion.process.service import end_process
from pillion_log_agent.configuration.shared import match_of
from pillion_log_agent.filters.conditional import ConditionalFilter
from pillion_log_agent.filters.filter import FilterContext, HoldingFilter, RetaggingFilter
from pillion_log_agent.inputs.input import Handover, InputContext
from pillion_log_agent.multiline.combine import MultilineContext
from pillion_log_agent.multiline.make import MultilineParsers
from pillion_log_agent.outputs.output import OutputContext, ServingOutput, SyncedOutput
from pillion_log_agent.parsers.make import Parsers
from pillion_log_agent.patterns.tags import Match
from pillion_log_agent.pipeline.dispatch import Dispatcher, RetryPolicy
from pillion_log_agent.pipeline.outage import Outage
from pillion_log_agent.pipeline.pipeline import Pipeline
from pillion_log_agent.pipeline.route import Stage, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pillion.log import Logger
    from pillion_log_agent.configuration.model import Configuration, Plugin
    from pillion_log_agent.configuration.section import Problems
    from pillion_log_agent.inputs.input import Input
    from pillion_log_agent.pipeline.deadletter import DeadLetters
    from pillion_log_agent.pipeline.ledger import Ledger

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class PipelineContext:
    """What a pipeline stands in, and what outlives it when the configuration is reloaded.

    Attributes:
        log: the process's logger.
        ledger: the account of all records.
        dead_letters: where records go that are refused for good.
        wall_ns: the system's clock, nanoseconds since 1970.
        environment: of the process.
        state: a directory for what has to outlive the process, or None.
        in_flight_bytes: the most over all inputs.
        handover: what inputs leave to those after a reload.
        end: ends the agent, in order.
    """

    log: Logger
    ledger: Ledger
    dead_letters: DeadLetters
    wall_ns: Callable[[], int]
    environment: Mapping[str, str]
    state: str | None
    in_flight_bytes: int
    handover: Handover = field(default_factory=Handover)
    end: Callable[[], None] = end_process


def build_pipeline(
    configuration: Configuration, around: PipelineContext, problems: Problems
) -> Pipeline | None:
    """Return the pipeline of a configuration; None when there are problems, which are noted."""
    building = _Building(configuration, around, problems)
    inputs = [(each.name, building.input(each)) for each in configuration.inputs]
    stages = [building.stage(each) for each in configuration.filters]
    of_inputs = {
        each.name: building.processors(each) for each in configuration.inputs if each.processors
    }
    targets = [building.target(each) for each in configuration.outputs]
    for parser in configuration.parsers.values():
        building.check_parser(parser)
    for multiline_parser in configuration.multiline_parsers.values():
        building.check_multiline_parser(multiline_parser)
    if problems.sentences:
        return None
    return Pipeline(
        [(name, made) for name, made in inputs if made is not None],
        [stage for stage in stages if stage is not None],
        [target for target in targets if target is not None],
        around.ledger,
        around.log,
        of_inputs=of_inputs,
    )


class _Building:
    """Builds one thing after the other."""

    def __init__(
        self, configuration: Configuration, around: PipelineContext, problems: Problems
    ) -> None:
        self._service = configuration.service
        self._around = around
        self._problems = problems
        self._parsers = Parsers(configuration.parsers)
        self._multiline = MultilineParsers(configuration.multiline_parsers)
        total = self._service.mem_buf_limit or around.in_flight_bytes
        self._synced: list[SyncedOutput] = []
        self._claimed: dict[str, str] = {}
        self._share = max(total // max(len(configuration.inputs), 1), MIB)
        self._least = min(map(self._limit, configuration.inputs), default=self._share)

    def input(self, plugin: Plugin) -> Input | None:
        around = self._around
        limit = self._limit(plugin)
        context = InputContext(
            plugin.name,
            around.log.bind(input=plugin.name),
            self._parsers.get,
            self._parsers.is_built_in,
            around.wall_ns,
            around.state,
            limit,
            around.handover,
            self._joining(plugin.name, limit),
            partial(self._claim, plugin.name),
            self._sync,
        )
        made: Input | None = self._built(plugin, plugin.properties, plugin.shared, context)
        return made

    def _limit(self, plugin: Plugin) -> int:
        """Return how much an input may have in flight."""
        return max(min(plugin.shared.mem_buf_limit or self._share, self._share), MIB)

    def _claim(self, name: str, thing: str) -> None:
        other = self._claimed.setdefault(thing, name)
        if other != name:
            raise ConfigurationError(
                f"{thing} is that of the input {other} too; each needs its own"
            )

    def _sync(self) -> None:
        for each in self._synced:
            each.sync()

    def stage(self, plugin: Plugin) -> Stage | None:
        around = self._around
        context = FilterContext(
            plugin.name,
            around.log.bind(filter=plugin.name),
            self._parsers.get,
            around.wall_ns,
            around.environment,
            self._joining(plugin.name, self._share),
            around.end,
        )
        made = self._built(plugin, plugin.properties, context)
        if made is None:
            return None
        return Stage(plugin.name, match_of(plugin.shared), made)

    def processors(self, plugin: Plugin) -> tuple[Stage, ...]:
        """Return the processors of an input or output, in order."""
        stages = [self._processor(each, plugin) for each in plugin.processors]
        return tuple(stage for stage in stages if stage is not None)

    def _processor(self, plugin: Plugin, owner: Plugin) -> Stage | None:
        stage = self.stage(plugin)
        if stage is None:
            return None
        each, condition = stage.filter, plugin.section.condition
        is_simple = not isinstance(each, (HoldingFilter, RetaggingFilter)) and not hasattr(
            each, "lookup"
        )
        if not is_simple and (condition is not None or owner.section.kind == "output"):
            what = "under a condition" if condition is not None else "of an output"
            self._problems.add(
                plugin.section.place,
                plugin.title,
                f"cannot be a processor {what}; put it among the filters",
            )
            return None
        if condition is not None and not isinstance(each, (HoldingFilter, RetaggingFilter)):
            try:
                each = ConditionalFilter(each, condition)
            except ValueError as error:
                self._problems.add(plugin.section.place, f"{plugin.title}: condition", str(error))
                return None
        return Stage(plugin.name, Match("*", None), each)

    def target(self, plugin: Plugin) -> Target | None:
        around = self._around
        log = around.log.bind(output=plugin.name)
        context = OutputContext(plugin.name, log, around.wall_ns, self._least)
        made = self._built(plugin, plugin.properties, context)
        if made is None:
            return None
        if isinstance(made, SyncedOutput):
            self._synced.append(made)
        service = self._service
        dispatcher = Dispatcher(
            plugin.name,
            made,
            flush=service.flush,
            retry_policy=RetryPolicy(
                plugin.shared.retry_limit, service.scheduler_base, service.scheduler_cap
            ),
            figures=around.ledger.outputs[plugin.name],
            dead_letters=around.dead_letters,
            log=log,
            outage=Outage(plugin.name, log, clock=time.monotonic, wall_ns=around.wall_ns),
        )
        # What takes no records meets none: they go to the other outputs.
        match = Match(None) if isinstance(made, ServingOutput) else match_of(plugin.shared)
        return Target(match, dispatcher, self.processors(plugin))

    def check_parser(self, plugin: Plugin) -> None:
        if not plugin.is_sound:
            return
        try:
            self._parsers.get(plugin.name)
        except ConfigurationError as error:
            if str(error) not in self._problems.sentences:
                self._problems.sentences.append(str(error))

    def check_multiline_parser(self, plugin: Plugin) -> None:
        if not plugin.is_sound or not plugin.properties.parser:
            return
        try:
            self._parsers.get(plugin.properties.parser)
        except ConfigurationError as error:
            self._problems.add(plugin.section.place, f"{plugin.title} {plugin.name}", str(error))

    def _joining(self, name: str, in_flight_bytes: int) -> MultilineContext:
        return MultilineContext(
            self._multiline,
            self._service.multiline_buffer_limit,
            in_flight_bytes,
            partial(self._around.ledger.note_joined, name),
        )

    def _built(self, plugin: Plugin, *arguments: Any) -> Any:
        build = plugin.declaration.build
        assert build is not None
        if not plugin.is_sound:
            return None
        try:
            return build(*arguments)
        except (ConfigurationError, ValueError) as error:
            self._problems.add(plugin.section.place, plugin.title, str(error))
            return None
