"""How `tail` joins lines: pieces that a runtime has split, lines that belong together, or both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

from pillion.errors import ConfigurationError
from pillion_log_agent.inputs.docker_first_line import behind_first_lines
from pillion_log_agent.inputs.first_line import FirstLine
from pillion_log_agent.inputs.lines import LineReader
from pillion_log_agent.inputs.pieces import PieceJoiner, PieceOptions
from pillion_log_agent.inputs.tail_properties import LEAST_LINE
from pillion_log_agent.multiline.combine import TEXT_KEY, combine, named
from pillion_log_agent.multiline.lines import LineJoiner, LineShape
from pillion_log_agent.multiline.records import RecordJoiner, RecordShape
from pillion_log_agent.multiline.stream import Joining
from pillion_log_agent.parsers.runtime import AS_MULTILINE, AS_PARSER, RUNTIMES
from pillion_log_agent.records.timestamps import Timestamps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pillion.tail import Chunk
    from pillion_log_agent.inputs.input import InputContext
    from pillion_log_agent.inputs.tail_properties import TailProperties
    from pillion_log_agent.multiline.stream import End
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record
    from pillion_log_agent.records.origin import Origin
    from pillion_log_agent.records.receipt import Receipt

    Handed = tuple[Batch, Receipt]

DOCKER_WHOLE = b'\\n","stream":"'
"""What stands in each line of docker's that is no piece of one: the text ends in a newline."""
SHORTEST_LOOK, LONGEST_LOOK = 0.05, 1.0
T = TypeVar("T", PieceJoiner, LineJoiner)


@dataclass(frozen=True, slots=True)
class JoiningPlan:
    """What is joined; either lines, or pieces and records.

    Attributes:
        pieces: what a runtime has split.
        whole: reads the lines that are whole again, as `docker_mode` has it: a parser's, or text.
        lines: lines as they are in the file.
        records: lines that a runtime or a parser has taken apart.
        parser: the name of that parser.
    """

    pieces: PieceOptions | None = None
    whole: LineReader | None = None
    lines: tuple[Joining, LineShape] | None = None
    records: tuple[Joining, RecordShape] | None = None
    parser: str | None = None

    @property
    def timeout(self) -> float:
        """The shortest time that something may be waited for, in seconds."""
        return min(
            *([self.pieces.timeout] if self.pieces else []),
            *(each[0].machine.timeout for each in (self.lines, self.records) if each),
            LONGEST_LOOK * 4,
        )


class Joiners:
    """The joiners of the files of one input."""

    def __init__(self, plan: JoiningPlan, reader: LineReader) -> None:
        self.look_every = max(min(plan.timeout / 4, LONGEST_LOOK), SHORTEST_LOOK)
        self._plan = plan
        self._reader = reader
        self._pieces: dict[str, PieceJoiner] = {}
        self._lines: dict[str, LineJoiner] = {}
        self._records = RecordJoiner(*plan.records) if plan.records else None

    def take(
        self, chunk: Chunk, tag: str, origin: Origin, now: int, clock: float
    ) -> Iterator[Handed]:
        """Yield the records of lines that are complete, each batch with its receipt."""
        plan, identity = self._plan, origin.identity
        if plan.lines is not None:
            lines = self._lines.get(identity) or LineJoiner(*plan.lines, tag, origin)
            yield lines.take(
                chunk.data, chunk.start, chunk.receipt, now, clock, starts_line=chunk.starts_line
            )
            _keep(self._lines, identity, lines)
        elif plan.pieces is not None and not self._is_whole(chunk, origin):
            pieces = self._pieces.get(identity) or PieceJoiner(plan.pieces, tag, origin)
            handed = pieces.take(chunk.data, chunk.start, chunk.receipt, now, clock)
            _keep(self._pieces, identity, pieces)
            yield from self._joined_records(handed, clock)
        else:
            reader = plan.whole or self._reader
            batch = reader.batch(chunk.data, tag, origin, chunk.start, now)
            yield from self._recorded((batch, chunk.receipt), clock)

    def give_up(self, now: int, clock: float | None, end: End) -> Iterator[Handed]:
        """Yield what has waited too long, as far as it has come; with no clock, all of it."""
        for identity, joiner in list(self._pieces.items()):
            given_up = joiner.give_up(now, clock)
            if given_up is not None:
                if self._records is None:
                    batch = given_up[0]
                    batch.origin = batch.origin.cut_at(batch.size)
                yield from self._joined_records(given_up, clock or 0.0)
            _keep(self._pieces, identity, joiner)
        for identity, lines in list(self._lines.items()):
            given_up = lines.give_up(clock, end)
            if given_up is not None:
                yield given_up
            _keep(self._lines, identity, lines)
        if self._records is not None:
            for joined in self._records.give_up(clock, end):
                yield joined.batch, joined.receipt

    def _joined_records(self, handed: Handed, clock: float) -> Iterator[Handed]:
        if self._plan.whole is not None:
            handed = _read_again(handed[0], self._plan.whole), handed[1]
        yield from self._recorded(handed, clock)

    def _recorded(self, handed: Handed, clock: float) -> Iterator[Handed]:
        if self._records is None:
            yield handed
            return
        for joined in self._records.take(*handed, clock):
            yield joined.batch, joined.receipt

    def _is_whole(self, chunk: Chunk, origin: Origin) -> bool:
        """Whether docker wrote the lines, and split none of them."""
        if origin.identity in self._pieces or not chunk.starts_line:
            return False
        if not chunk.data.startswith(b"{"):
            return False
        return chunk.data.count(DOCKER_WHOLE) == chunk.data.count(b"\n")


def _read_again(batch: Batch, reader: LineReader) -> Batch:
    """Return the records of docker's lines as a reader of such lines has them."""
    records, times = batch.records(), list(batch.times.nanoseconds())
    found: list[Record] = []
    for index, record in enumerate(records):
        text = msgspec.json.encode(record).decode()
        parsed = reader.parser.parse(text, times[index]) if reader.parser is not None else None
        found.append({reader.key: text} if parsed is None else parsed.fields)
        if parsed is not None and parsed.time is not None:
            times[index] = parsed.time
    batch.replace(found)
    batch.times = Timestamps(times)
    return batch


def _keep(joiners: dict[str, T], identity: str, joiner: T) -> None:
    """Keep a joiner as long as it waits for something."""
    if joiner.is_waiting:
        joiners[identity] = joiner
    else:
        joiners.pop(identity, None)


def joining_of(properties: TailProperties, context: InputContext) -> JoiningPlan | None:
    """Return how lines are joined, None when they are not; raises ConfigurationError."""
    names = named(properties.multiline_parser)
    if properties.multiline:
        if names or properties.docker_mode:
            other = "multiline.parser" if names else "docker_mode"
            raise ConfigurationError(f"multiline: cannot be on beside {other}; take one of them")
        return _old_plan(properties, context)
    _warn_of_old(properties, context)
    if names and properties.parser:
        raise ConfigurationError(
            "parser: has no effect beside multiline.parser; use the filter parser instead"
        )
    parsers = context.joining.parsers
    runtimes = [name.lower() for name in names if parsers.is_runtime(name)]
    others = [name for name in names if not parsers.is_runtime(name)]
    pieces = _piece_options(runtimes, properties, context)
    if properties.docker_mode and not names:
        parser = context.parser(properties.parser) if properties.parser else None
        first = properties.docker_mode_parser
        records = None if first is None else behind_first_lines(first, properties, context)
        return JoiningPlan(pieces, LineReader(properties.key, parser), records=records)
    if not others:
        return JoiningPlan(pieces) if pieces is not None else None
    plan = combine([parsers.get(name) for name in others])
    joining = plan.joining(context.joining)
    if pieces is not None:
        if plan.parser is not None or plan.content not in (None, TEXT_KEY):
            key = "parser" if plan.parser is not None else "key_content"
            raise ConfigurationError(
                f"multiline.parser: {', '.join(others)} cannot be used beside docker or cri: those "
                f"put the text of a line into {TEXT_KEY}, and its {key} is "
                f"{plan.parser or plan.content}"
            )
        return JoiningPlan(pieces, records=(joining, plan.record_shape(TEXT_KEY, context.joining)))
    if plan.parser is not None and plan.content is not None:
        shape = plan.record_shape(plan.content, context.joining)
        return JoiningPlan(records=(joining, shape), parser=plan.parser)
    # fluent-bit ends a joined text with a newline where the parser names no field.
    end = "\n" if plan.content is None else ""
    key = properties.key if plan.content is None else plan.content
    return JoiningPlan(lines=(joining, LineShape(key, end, properties.skip_empty_lines)))


def _piece_options(
    runtimes: list[str], properties: TailProperties, context: InputContext
) -> PieceOptions | None:
    """Return how pieces are joined.

    The built-in parsers docker and cri join too; those that a file defines parse and no more,
    as it is with fluent-bit.
    """
    shape = AS_MULTILINE
    if properties.docker_mode:
        runtimes = [*runtimes, "docker"]
    parser = properties.parser or ""
    if not runtimes and parser in RUNTIMES and context.is_built_in(parser):
        runtimes, shape = [parser], AS_PARSER
    if not runtimes:
        return None
    longest = max(context.in_flight_bytes // 2, LEAST_LINE)
    if context.joining.limit:
        longest = min(longest, context.joining.limit)
    return PieceOptions(
        tuple(runtimes),
        shape,
        longest,
        properties.docker_mode_flush,
        properties.skip_empty_lines,
    )


def _old_plan(properties: TailProperties, context: InputContext) -> JoiningPlan:
    if properties.parser_firstline is None:
        raise ConfigurationError("parser_firstline: is missing; multiline on needs it")
    if properties.parser is not None:
        context.log.warning("parser has no effect beside multiline on", parser=properties.parser)
    first = FirstLine(
        properties.key,
        context.parser(properties.parser_firstline),
        [context.parser(name) for name in properties.parser_n],
    )
    joining = Joining(
        first.machine(properties.multiline_flush), context.joining.longest, context.joining.note
    )
    shape = LineShape(properties.key, skip_empty=properties.skip_empty_lines, compose=first)
    return JoiningPlan(lines=(joining, shape))


def _warn_of_old(properties: TailProperties, context: InputContext) -> None:
    if properties.parser_firstline is not None or properties.parser_n:
        context.log.warning("parser_firstline and parser_N have no effect unless multiline is on")
