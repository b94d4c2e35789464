"""The filter `stdout`: prints the records that go through it, as fluent-bit does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.outputs.rendering import arrow_text
from pillion_log_agent.outputs.stdout import print_later

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.records.batch import Batch


@dataclass(frozen=True, slots=True)
class StdoutFilterProperties:
    """It has none."""


class StdoutFilter:
    """Prints records, and lets them go on as they are."""

    def __init__(self, _properties: StdoutFilterProperties, context: FilterContext) -> None:
        self._log = context.log
        self._has_said = False

    def apply(self, batch: Batch) -> Batch:
        """Return the batch; what nobody reads is not printed, and does not hold it up."""
        if not print_later(arrow_text(batch)) and not self._has_said:
            self._has_said = True
            self._log.warning("standard output is not read fast enough to print every record")
        return batch


STDOUT_FILTER = Declaration(
    name="stdout",
    summary="Prints the records that go through it.",
    properties=StdoutFilterProperties,
    build=StdoutFilter,
)
