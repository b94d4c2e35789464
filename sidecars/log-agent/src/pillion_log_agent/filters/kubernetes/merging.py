"""`Merge_Log`: the fields of a log that is itself an object, or that a parser fits. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion_log_agent.records.json_rows import decode_object

if TYPE_CHECKING:
    from pillion_log_agent.parsers.parsed import Parser
    from pillion_log_agent.records.columns import Record

LOG = "log"


@dataclass(frozen=True, slots=True)
class Merging:
    """How logs are merged.

    Attributes:
        is_on: whether they are, also where no pod names a parser.
        key: the field to put the fields into; None for the record itself.
        trims: take line ends from their values.
        keeps_log: keep the field `log` whose fields were added.
        parser: tried where the pod names none; None takes JSON objects.
    """

    is_on: bool
    key: str | None
    trims: bool
    keeps_log: bool
    parser: Parser | None

    def merge(self, record: Record, named: Parser | None, now: int) -> int | None:
        """Add the fields of the record's log in place; return its own time, where it has one."""
        log = record.get(LOG)
        found: dict[str, Any] | None = None
        time = None
        if isinstance(log, dict):
            found = log
        elif isinstance(log, str):
            found, time = self._parsed(log, named, now)
        if found is None:
            return None
        if self.trims:
            found = {
                key: value.rstrip("\r\n") if isinstance(value, str) else value
                for key, value in found.items()
            }
        if not self.keeps_log:
            del record[LOG]
        if self.key is None:
            record.update(found)
        elif found:
            record[self.key] = found
        return time

    def _parsed(
        self, log: str, named: Parser | None, now: int
    ) -> tuple[dict[str, Any] | None, int | None]:
        parser = named or self.parser
        if parser is not None:
            parsed = parser.parse(log.rstrip("\r\n"), now)
            return (None, None) if parsed is None else (parsed.fields, parsed.time)
        return (decode_object(log) if log.lstrip()[:1] == "{" else None), None
