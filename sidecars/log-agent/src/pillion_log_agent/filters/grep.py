"""The filter `grep`: keeps or takes out records by patterns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.settings import Kind, repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import choice
from pillion_log_agent.patterns.ruby import translate
from pillion_log_agent.records.accessor import Accessor, parse_accessor

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.patterns.pattern import Pattern
    from pillion_log_agent.records.batch import Batch, Record


@dataclass(frozen=True, slots=True)
class Rule:
    """A field, and the pattern that is looked for in it."""

    field: Accessor
    pattern: Pattern

    def holds(self, record: Record) -> bool:
        """Whether the field is text and has the pattern: numbers and truth values have none."""
        value = self.field.find(record)
        return isinstance(value, str) and self.pattern.search(value) is not None


def _rule(text: str) -> Rule:
    field, *pattern = text.split(None, 1)
    if not pattern:
        raise ValueError("has no pattern; write FIELD PATTERN")
    return Rule(parse_accessor(field), translate(pattern[0]))


RULE: Kind[Rule] = Kind("FIELD PATTERN", _rule)


@dataclass(frozen=True, slots=True)
class GrepProperties:
    """The properties of `grep`."""

    regex: tuple[Rule, ...] = repeated("regex", RULE, "Keep records whose field has the pattern.")
    exclude: tuple[Rule, ...] = repeated(
        "exclude", RULE, "Take out records whose field has the pattern."
    )
    logical_op: str = setting(
        "logical_op",
        choice("legacy", "and", "or"),
        "and, or: how many of the rules have to hold, which are then all regex or all exclude; "
        "legacy: each exclude takes out, and each regex has to hold.",
        default="legacy",
    )


class GrepFilter:
    """Keeps or takes out records."""

    def __init__(self, properties: GrepProperties, _context: FilterContext) -> None:
        if properties.logical_op != "legacy" and properties.regex and properties.exclude:
            raise ConfigurationError(
                f"logical_op: {properties.logical_op} takes either regex or exclude, not both"
            )
        self._regex = properties.regex
        self._exclude = properties.exclude
        self._any = properties.logical_op == "or"
        self._legacy = properties.logical_op == "legacy"

    def apply(self, batch: Batch) -> Batch:
        """Return the batch with the records that stay."""
        kept = [index for index, record in enumerate(batch.records()) if self._keeps(record)]
        return batch if len(kept) == len(batch) else batch.select(kept)

    def _keeps(self, record: Record) -> bool:
        if self._legacy:
            return not any(rule.holds(record) for rule in self._exclude) and all(
                rule.holds(record) for rule in self._regex
            )
        quantifier = any if self._any else all
        if self._exclude:
            return not quantifier(rule.holds(record) for rule in self._exclude)
        return quantifier(rule.holds(record) for rule in self._regex)


GREP = Declaration(
    name="grep",
    summary="Keeps or takes out records by patterns.",
    properties=GrepProperties,
    build=GrepFilter,
)
