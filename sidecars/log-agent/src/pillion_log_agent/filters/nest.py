"""The filter `nest`: moves fields into an object, or out of one.

Source: fluent-bit's manual, "Nest".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.settings import optional, repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import TEXT, choice

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record


@dataclass(frozen=True, slots=True)
class NestProperties:
    """The properties of `nest`."""

    operation: str = setting(
        "operation",
        choice("nest", "lift"),
        "nest: move fields into an object; lift: move those of an object out of it.",
        default="nest",
    )
    wildcard: tuple[str, ...] = repeated(
        "wildcard", TEXT, "For nest: fields of this name, or that begin with what is before *."
    )
    nest_under: str | None = optional("nest_under", TEXT, "For nest: the object.")
    nested_under: str | None = optional("nested_under", TEXT, "For lift: the object.")
    add_prefix: str | None = optional("add_prefix", TEXT, "Put before the names of the fields.")
    remove_prefix: str | None = optional(
        "remove_prefix", TEXT, "Take from the names of the fields."
    )


class NestFilter:
    """Moves fields into an object, or out of one."""

    def __init__(self, properties: NestProperties, _context: FilterContext) -> None:
        is_lift = properties.operation == "lift"
        under = properties.nested_under if is_lift else properties.nest_under
        if under is None:
            raise ConfigurationError(
                "nested_under is missing" if is_lift else "nest_under is missing"
            )
        if properties.add_prefix and properties.remove_prefix:
            raise ConfigurationError("add_prefix and remove_prefix cannot be used together")
        if not is_lift and not properties.wildcard:
            raise ConfigurationError("wildcard is missing; it says which fields to nest")
        self._change = self._lift if is_lift else self._nest
        self._under = under
        self._names = {name for name in properties.wildcard if not name.endswith("*")}
        self._starts = tuple(name[:-1] for name in properties.wildcard if name.endswith("*"))
        self._added = properties.add_prefix or ""
        self._removed = properties.remove_prefix or ""

    def apply(self, batch: Batch) -> Batch:
        """Return the batch, changed."""
        batch.replace([self._change(record) for record in batch.records()])
        return batch

    def _nest(self, record: Record) -> Record:
        kept: Record = {}
        nested: Record = {}
        for key, value in record.items():
            is_one = key in self._names or key.startswith(self._starts)
            if is_one:
                nested[self._renamed(key)] = value
            else:
                kept[key] = value
        if nested:
            kept.pop(self._under, None)
            kept[self._under] = nested
        return kept

    def _lift(self, record: Record) -> Record:
        inner = record.get(self._under)
        if not isinstance(inner, dict):
            return record
        kept = {key: value for key, value in record.items() if key != self._under}
        for key, value in inner.items():
            name = self._renamed(key)
            kept.pop(name, None)  # what is lifted comes last, in the order of the object
            kept[name] = value
        return kept

    def _renamed(self, key: str) -> str:
        return self._added + key.removeprefix(self._removed)


NEST = Declaration(
    name="nest",
    summary="Moves fields into an object, or out of one.",
    properties=NestProperties,
    build=NestFilter,
)
