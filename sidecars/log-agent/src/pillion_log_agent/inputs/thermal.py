"""The input `thermal`: temperatures of the machine.

Source: fluent-bit's manual, "Thermal"; the kernel's `driver-api/thermal/sysfs-api`.
"""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pillion.settings import optional
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import PATTERN
from pillion_log_agent.inputs.sampled import IntervalProperties, SampledInput

if TYPE_CHECKING:
    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext
    from pillion_log_agent.patterns.pattern import Pattern
    from pillion_log_agent.records.columns import Record

ZONES = "/sys/class/thermal/thermal_zone*"
_THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class ThermalProperties(IntervalProperties):
    """The properties of `thermal`."""

    name_regex: Pattern | None = optional("name_regex", PATTERN, "Only zones of such a name.")
    type_regex: Pattern | None = optional("type_regex", PATTERN, "Only zones of such a type.")


def sample(properties: ThermalProperties, zones: str = ZONES) -> list[Record]:
    """Return a record for each zone; one that cannot be read is left out."""
    found: list[Record] = []
    for zone in sorted(glob.glob(zones)):
        try:
            with open(os.path.join(zone, "type")) as file:
                kind = file.read().strip()
            with open(os.path.join(zone, "temp")) as file:
                degrees = int(file.read()) / _THOUSAND
        except (OSError, ValueError):
            continue
        name = os.path.basename(zone)
        by_name, by_type = properties.name_regex, properties.type_regex
        if (by_name is None or by_name.search(name)) and (by_type is None or by_type.search(kind)):
            found.append({"name": name, "type": kind, "temp": degrees})
    return found


def _build(
    properties: ThermalProperties, shared: InputProperties, context: InputContext
) -> SampledInput:
    return SampledInput(partial(sample, properties), properties.interval, shared, context)


THERMAL = Declaration(
    name="thermal",
    summary="Samples temperatures of the machine.",
    properties=ThermalProperties,
    build=_build,
)
