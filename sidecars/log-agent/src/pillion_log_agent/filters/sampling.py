"""The processor `sampling`: lets a share of the records go on.

Source: fluent-bit's manual, "Sampling", of which `probabilistic` is about logs.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import NUMBER, choice

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.records.batch import Batch

_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class SamplingProperties:
    """The properties of `sampling`."""

    type: str = setting(
        "type",
        choice("probabilistic"),
        "How it is chosen; tail is about traces.",
        default="probabilistic",
    )
    sampling_percentage: int = setting(
        "sampling_percentage", NUMBER, "How many of a hundred go on.", default=10
    )


class SamplingFilter:
    """Chooses by where a record comes from, so that it is chosen again after a crash."""

    def __init__(self, properties: SamplingProperties, _context: FilterContext) -> None:
        if not 0 <= properties.sampling_percentage <= _HUNDRED:
            raise ValueError("sampling_percentage has to be from 0 to 100")
        self._percentage = properties.sampling_percentage

    def apply(self, batch: Batch) -> Batch:
        """Return the batch with the records that go on."""
        identity = batch.origin.identity
        kept = [
            index
            for index, offset in enumerate(batch.offsets)
            if zlib.crc32(f"{identity}-{offset}".encode()) % _HUNDRED < self._percentage
        ]
        return batch if len(kept) == len(batch) else batch.select(kept)


SAMPLING = Declaration(
    name="sampling",
    summary="Lets a share of the records go on.",
    properties=SamplingProperties,
    accepted={"debug": "what it takes out is on /metrics"},
    build=SamplingFilter,
)
