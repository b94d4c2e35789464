"""Joining docker's lines in `tail` as `docker_mode_parser` has it.

A record begins with a line that the parser fits, as docker wrote it, and goes on to the next such
line of its stream. Until there is one, each line is a record. Source: fluent-bit's manual, "Tail",
"Docker mode".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_log_agent.multiline.combine import TEXT_KEY
from pillion_log_agent.multiline.machine import Machine
from pillion_log_agent.multiline.records import RecordShape
from pillion_log_agent.multiline.rules import START, Definition, Rule
from pillion_log_agent.multiline.stream import Joining
from pillion_log_agent.records.wire import from_wire, json_of

if TYPE_CHECKING:
    from pillion_log_agent.inputs.input import InputContext
    from pillion_log_agent.inputs.tail_properties import TailProperties

_REST = ',"stream":"stdout","time":"2020-01-01T00:00:00.000000000Z"}'
"""What stands behind the text in docker's lines; a parser of first lines tells by the text."""


def behind_first_lines(
    name: str, properties: TailProperties, context: InputContext
) -> tuple[Joining, RecordShape]:
    """Return how lines are joined to the first that the parser fits; raises ConfigurationError."""
    parser = context.parser(name)

    def begins(text: str) -> object:
        log = from_wire(json_of(f"{text}\n")).decode()
        return parser.parse(f'{{"log":{log}{_REST}', 0)

    rules = (
        Rule((START,), begins, "rest", name),
        Rule(("rest",), lambda _line: True, "rest", "any other line"),
    )
    definition = Definition("docker_mode_parser", rules, properties.docker_mode_flush, glue="")
    joining = Joining(
        Machine([definition], is_start_first=True), context.joining.longest, context.joining.note
    )
    return joining, RecordShape(TEXT_KEY, None, "stream", context.in_flight_bytes // 2)
