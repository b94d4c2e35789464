"""The filter `multiline`: joins records that are lines of one.

Source: "Multiline" of fluent-bit's manual. What is joined stays in its place in the pipeline: it
is not put in at its head again, so filters before it are applied once, and it may be there twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.settings import optional, repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import LIST, TEXT, choice
from pillion_log_agent.multiline.combine import TEXT_KEY, combine, named
from pillion_log_agent.multiline.definition import MILLISECONDS
from pillion_log_agent.multiline.records import Joined, RecordJoiner

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.multiline.rules import Definition
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.receipt import Receipt


@dataclass(frozen=True, slots=True)
class MultilineFilterProperties:
    """The properties of `multiline`."""

    parser: tuple[tuple[str, ...], ...] = repeated(
        "multiline.parser", LIST, "Multiline parsers; the first that a line fits takes it."
    )
    key_content: str | None = optional(
        "multiline.key_content",
        TEXT,
        "The field whose text is joined; else the parser's key_content, else log.",
    )
    flush: float = setting(
        "flush_ms", MILLISECONDS, "How long the rest of a record is waited for.", default=2.0
    )
    mode: str = setting(
        "mode",
        choice("parser", "partial_message"),
        "parser: by multiline.parser.",
        default="parser",
    )


class MultilineFilter:
    """Joins records, each file and stream by itself."""

    def __init__(self, properties: MultilineFilterProperties, context: FilterContext) -> None:
        if properties.mode != "parser":
            raise ConfigurationError(
                "mode: partial_message is for records of docker's fluentd driver, which come over "
                "the network; there is no input for them here"
            )
        self._clock = context.joining.clock
        self._joiner: RecordJoiner | None = None
        self.timeout = properties.flush
        definitions = _definitions(properties, context)
        if not definitions:
            return
        plan = combine(definitions, timeout=properties.flush)
        if plan.parser is not None:
            raise ConfigurationError(
                f"multiline.parser: the parser {plan.parser} of a multiline parser is for lines of "
                "a file; put a filter parser before this one"
            )
        content = properties.key_content or plan.content or TEXT_KEY
        self._joiner = RecordJoiner(
            plan.joining(context.joining), plan.record_shape(content, context.joining)
        )

    def hold(self, batch: Batch, receipt: Receipt) -> list[Joined]:
        """Return the records that are complete."""
        if self._joiner is None:
            return [Joined(batch, receipt, 0)]
        return self._joiner.take(batch, receipt, self._clock())

    def give_up(self, *, is_last: bool) -> list[Joined]:
        """Return the records whose rest has not come in time."""
        if self._joiner is None:
            return []
        clock = None if is_last else self._clock()
        return self._joiner.give_up(clock, "stop" if is_last else "timeout")


def _definitions(properties: MultilineFilterProperties, context: FilterContext) -> list[Definition]:
    names = named(properties.parser)
    if not names:
        raise ConfigurationError("multiline.parser: is missing")
    parsers = context.joining.parsers
    runtimes = [name for name in names if parsers.is_runtime(name)]
    if runtimes:
        context.log.warning(
            "docker and cri have no effect in a filter; give them to the input tail",
            multiline_parser=",".join(runtimes),
        )
    return [parsers.get(name) for name in names if name not in runtimes]


_IN_PLACE = "joined records go on from this filter; they are not put in at the head again"
MULTILINE_FILTER = Declaration(
    name="multiline",
    summary="Joins records that are lines of one.",
    properties=MultilineFilterProperties,
    accepted={
        "buffer": "it is always on: the lines of a record may come in several reads",
        "debug_flush": "the log does not hold records",
        "emitter_name": _IN_PLACE,
        "emitter_storage.type": _IN_PLACE,
        "emitter_mem_buf_limit": "what waits is bounded by what the inputs may have in flight",
    },
    build=MultilineFilter,
)
