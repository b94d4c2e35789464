"""The input `mem`: memory and swap of the machine, and of one process. In KiB.

Source: fluent-bit's manual, "Memory metrics"; proc(5).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pillion.settings import setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import NUMBER
from pillion_log_agent.inputs.sampled import IntervalProperties, SampledInput

if TYPE_CHECKING:
    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext
    from pillion_log_agent.records.columns import Record

MEMINFO = "/proc/meminfo"
_STEP = 1024
_UNITS = ("b", "K", "M", "G", "T", "P")


@dataclass(frozen=True, slots=True)
class MemProperties(IntervalProperties):
    """The properties of `mem`."""

    pid: int = setting("pid", NUMBER, "A process whose memory to add.", default=0)


def parse_meminfo(text: str) -> Record:
    """Return total, used and free of memory and swap."""
    sizes = {
        name: int(rest.split()[0])
        for name, colon, rest in (line.partition(":") for line in text.splitlines())
        if colon and rest.split()
    }
    record: Record = {}
    for name, total, free in (("Mem", "MemTotal", "MemFree"), ("Swap", "SwapTotal", "SwapFree")):
        record[f"{name}.total"] = sizes.get(total, 0)
        record[f"{name}.used"] = sizes.get(total, 0) - sizes.get(free, 0)
        record[f"{name}.free"] = sizes.get(free, 0)
    return record


def human(size: float) -> str:
    """Return bytes with a unit: `1.50M`."""
    for unit in _UNITS[:-1]:
        if size < _STEP:
            return f"{size:.2f}{unit}"
        size /= _STEP
    return f"{size:.2f}{_UNITS[-1]}"


def sample(pid: int) -> list[Record]:
    """Return one record; raises OSError."""
    with open(MEMINFO) as file:
        record = parse_meminfo(file.read())
    if pid > 0:
        with open(f"/proc/{pid}/statm") as file:
            resident = int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
        record |= {"proc_bytes": resident, "proc_hr": human(resident)}
    return [record]


def _build(
    properties: MemProperties, shared: InputProperties, context: InputContext
) -> SampledInput:
    return SampledInput(partial(sample, properties.pid), properties.interval, shared, context)


MEM = Declaration(
    name="mem",
    summary="Samples memory and swap.",
    properties=MemProperties,
    build=_build,
)
