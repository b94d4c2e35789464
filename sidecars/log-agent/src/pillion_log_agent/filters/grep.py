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
    from pillion_log_agent.records.batch import Batch


_SAMPLE = 64
"""How many values tell whether the others are likely to be among them."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A field, and the pattern that is looked for in it."""

    field: Accessor
    pattern: Pattern

    def verdicts(self, batch: Batch) -> list[bool]:
        """Return for each record whether the field is text and has the pattern.

        Numbers and truth values have none. Of texts that come again and again one is looked at.
        """
        search = self.pattern.search
        values = self.field.column(batch)
        if len(set(map(str, values[:_SAMPLE]))) > _SAMPLE // 4:
            return [isinstance(value, str) and search(value) is not None for value in values]
        known: dict[str, bool] = {}
        found: list[bool] = []
        for value in values:
            verdict = known.get(value) if isinstance(value, str) else False
            if verdict is None:
                verdict = known[value] = search(value) is not None
            found.append(verdict)
        return found


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
        keeps = self._verdicts(batch)
        if all(keeps):
            return batch
        return batch.select([index for index, is_kept in enumerate(keeps) if is_kept])

    def _verdicts(self, batch: Batch) -> list[bool]:
        quantifier = any if self._any else all
        wanted = [rule.verdicts(batch) for rule in self._regex]
        unwanted = [rule.verdicts(batch) for rule in self._exclude]
        if self._legacy:
            excluded = [any(row) for row in zip(*unwanted, strict=True)] or [False] * len(batch)
            kept = [all(row) for row in zip(*wanted, strict=True)] or [True] * len(batch)
            return [keep and not out for keep, out in zip(kept, excluded, strict=True)]
        if unwanted:
            return [not quantifier(row) for row in zip(*unwanted, strict=True)]
        return [quantifier(row) for row in zip(*wanted, strict=True)] or [quantifier(())] * len(
            batch
        )


GREP = Declaration(
    name="grep",
    summary="Keeps or takes out records by patterns.",
    properties=GrepProperties,
    build=GrepFilter,
)
