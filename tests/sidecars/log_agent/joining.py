"""What the tests of joining share: parsers as a configuration writes them, and joiners of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pillion_log_agent.configuration.declaration import read_properties
from pillion_log_agent.configuration.section import Entry, Place, Problems, Section
from pillion_log_agent.multiline.builtin import built_in
from pillion_log_agent.multiline.combine import MultilineContext, combine
from pillion_log_agent.multiline.definition import MULTILINE, define
from pillion_log_agent.multiline.lines import LineJoiner, LineShape
from pillion_log_agent.multiline.records import RecordJoiner
from pillion_log_agent.multiline.rules import Definition
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.timestamps import Timestamps
from pillion_log_agent.records.wire import json_lines
from tests.sidecars.log_agent.receipts import noting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion_log_agent.records.receipt import Receipt

NOW = 1_795_255_200_000_000_000
ORIGIN = Origin("tail.0", "/a.log", "1-2-0-3")
DATED = (
    ("rule", r'"start_state" "/^\d{4}-/" "cont"'),
    ("rule", r'"cont" "/^(?!\d{4}-)/" "cont"'),
)


def parser(*entries: tuple[str, str], name: str = "mine", kind: str = "regex") -> Definition:
    """Return a user's own parser; raises ConfigurationError."""
    place = Place("parsers.conf", 1)
    pairs = (("name", name), ("type", kind), *entries)
    problems = Problems()
    section = Section("multiline_parser", place, tuple(Entry(*pair, place) for pair in pairs))
    own, _ = read_properties(section, MULTILINE, None, problems)
    problems.raise_if_any()
    return define(own)


@dataclass
class Notes:
    """What a joiner has told, and which chunks were acknowledged."""

    joined: Counter[str] = field(default_factory=Counter)
    acks: list[str] = field(default_factory=list)

    def note(self, count: int, end: str) -> None:
        """Count records of several lines."""
        self.joined[end] += count

    def receipt(self, name: str) -> Receipt:
        """Return the receipt of a chunk of that name."""
        return noting(self.acks, name)


def line_joiner(
    *definitions: Definition | str, notes: Notes | None = None, limit: int = 1_000_000
) -> LineJoiner:
    """Return a joiner of the lines of a file."""
    joining = plan_of(definitions).joining(context_of(notes, limit))
    return LineJoiner(joining, LineShape("log"), "t", ORIGIN)


def record_joiner(
    *definitions: Definition | str,
    notes: Notes | None = None,
    limit: int = 1_000_000,
    in_flight: int = 8_000_000,
) -> RecordJoiner:
    """Return a joiner of records by their field log."""
    context = context_of(notes, limit, in_flight)
    plan = plan_of(definitions)
    return RecordJoiner(plan.joining(context), plan.record_shape("log", context))


def plan_of(definitions: Iterable[Definition | str]) -> Any:
    """Return parsers, or built-in ones by their names, as one."""
    return combine([built_in(each) if isinstance(each, str) else each for each in definitions])


def context_of(notes: Notes | None, limit: int, in_flight: int = 8_000_000) -> MultilineContext:
    """Return the context of a joiner."""
    notes = notes or Notes()
    return MultilineContext(limit=limit, in_flight_bytes=in_flight, note=notes.note)


def batch_of(
    *records: dict[str, Any], start: int = 0, step: int = 100, identity: str = "1-2-0-3"
) -> Batch:
    """Return a batch of records that stand a hundred bytes apart."""
    return Batch(
        "t",
        Origin("tail.0", "/a.log", identity),
        Timestamps([NOW + number for number in range(len(records))]),
        block=json_lines(list(records)),
        offsets=[start + step * number for number in range(len(records))],
    )


def logs(batch: Batch) -> list[str]:
    """Return the texts of a batch."""
    return [record["log"] for record in batch.records()]
