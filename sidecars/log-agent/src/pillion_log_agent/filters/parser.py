"""The filter `parser`: parses one field of each record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, TEXT
from pillion_log_agent.records.accessor import parse_accessor
from pillion_log_agent.records.timestamps import Timestamps

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.parsers.parsed import Parsed
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record


@dataclass(frozen=True, slots=True)
class ParserFilterProperties:
    """The properties of `parser`."""

    key_name: str = setting("key_name", TEXT, "The field to parse.", default="")
    parser: tuple[str, ...] = repeated("parser", TEXT, "A parser; the first that fits is taken.")
    preserve_key: bool = setting(
        "preserve_key", FLAG, "Leave the field in the record.", default=False
    )
    reserve_data: bool = setting(
        "reserve_data", FLAG, "Leave the other fields in the record.", default=False
    )


class ParserFilter:
    """Parses one field."""

    def __init__(self, properties: ParserFilterProperties, context: FilterContext) -> None:
        self._field = parse_accessor(properties.key_name)
        self._key = self._field.path[0]
        self._parsers = [context.parser(name) for name in properties.parser]
        self._preserve = properties.preserve_key
        self._reserve = properties.reserve_data
        self._wall_ns = context.wall_ns

    def apply(self, batch: Batch) -> Batch:
        """Return the batch; a record that no parser fits stays as it is."""
        now = self._wall_ns()
        records = batch.records()
        times = list(batch.times.nanoseconds())
        changed: list[Record] = []
        for index, record in enumerate(records):
            parsed = self._parsed(record, now)
            if parsed is None:
                changed.append(record)
                continue
            if parsed.time is not None:
                times[index] = parsed.time
            kept = dict(record) if self._reserve else {}
            if self._preserve:
                kept[str(self._key)] = record[str(self._key)]
            elif len(self._field.path) == 1:
                kept.pop(str(self._key), None)
            # What was found comes first; a field that is in the record already stays as it is.
            found = {key: value for key, value in parsed.fields.items() if key not in kept}
            changed.append({**found, **kept})
        batch.replace(changed)
        batch.times = Timestamps(times)
        return batch

    def _parsed(self, record: Record, now: int) -> Parsed | None:
        value = self._field.find(record)
        if not isinstance(value, str):
            return None
        for parser in self._parsers:
            parsed = parser.parse(value, now)
            if parsed is not None:
                return parsed
        return None


PARSER = Declaration(
    name="parser",
    summary="Parses one field of each record.",
    properties=ParserFilterProperties,
    accepted={"unescape_key": "a parser's decoders unescape"},
    required=("key_name", "parser"),
    build=ParserFilter,
)
