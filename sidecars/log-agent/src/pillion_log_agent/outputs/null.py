"""The output `null`: takes everything and keeps nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.reasons import NO_UPSTREAM
from pillion_log_agent.outputs.output import TAKEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.outputs.output import Outcome, OutputContext
    from pillion_log_agent.records.batch import Batch


@dataclass(frozen=True, slots=True)
class NullProperties:
    """It has none."""


class NullOutput:
    """Takes everything."""

    delay = False

    def __init__(self, _properties: NullProperties, _context: OutputContext) -> None:
        """There is nothing to keep of either."""

    async def write(self, _batches: Sequence[Batch]) -> Outcome:
        """Take the batches."""
        return TAKEN

    async def close(self) -> None:
        """Nothing is open."""


NULL = Declaration(
    name="null",
    summary="Takes everything and keeps nothing.",
    properties=NullProperties,
    accepted={
        **dict.fromkeys(("format", "json_date_format", "json_date_key"), "nothing is written"),
        **NO_UPSTREAM,
    },
    build=NullOutput,
)
