"""The input `random`: random numbers, to try a configuration with."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import NUMBER
from pillion_log_agent.inputs.sampled import IntervalProperties, SampledInput

if TYPE_CHECKING:
    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext

BITS = 64


@dataclass(frozen=True, slots=True)
class RandomProperties(IntervalProperties):
    """The properties of `random`."""

    samples: int = setting("samples", NUMBER, "How many in all; -1 for no end.", default=-1)


def _build(
    properties: RandomProperties, shared: InputProperties, context: InputContext
) -> SampledInput:
    return SampledInput(
        lambda: [{"rand_value": secrets.randbits(BITS)}],
        properties.interval,
        shared,
        context,
        samples=max(properties.samples, 0),
    )


RANDOM = Declaration(
    name="random",
    summary="Makes random numbers.",
    properties=RandomProperties,
    build=_build,
)
