"""The input `proc`: whether a process is there, its memory and its open files.

Source: fluent-bit's manual, "Process metrics"; proc(5), `/proc/PID/status`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pillion.settings import setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, TEXT
from pillion_log_agent.inputs.sampled import IntervalProperties, SampledInput

if TYPE_CHECKING:
    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext
    from pillion_log_agent.records.columns import Record

PROCESSES = "/proc"
_MEMORY = (
    "VmPeak",
    "VmSize",
    "VmLck",
    "VmHWM",
    "VmRSS",
    "VmData",
    "VmStk",
    "VmExe",
    "VmLib",
    "VmPTE",
    "VmSwap",
)
_STEP = 1024


@dataclass(frozen=True, slots=True)
class ProcProperties(IntervalProperties):
    """The properties of `proc`."""

    proc_name: str = setting("proc_name", TEXT, "The name of the process.", default="")
    alert: bool = setting("alert", FLAG, "Say only when it is not there.", default=False)
    mem: bool = setting("mem", FLAG, "Add its memory.", default=True)
    fd: bool = setting("fd", FLAG, "Add how many files it has open.", default=True)


def parse_memory(text: str) -> Record:
    """Return the memory of a process in bytes: `mem.VmRSS` and the others."""
    sizes = dict(line.partition(":")[::2] for line in text.splitlines())
    return {f"mem.{name}": int(sizes[name].split()[0]) * _STEP for name in _MEMORY if name in sizes}


def find(name: str) -> int | None:
    """Return the lowest id of the processes of a name, None where there is none."""
    for pid in sorted(int(each) for each in os.listdir(PROCESSES) if each.isdecimal()):
        try:
            with open(f"{PROCESSES}/{pid}/cmdline", "rb") as file:
                command = file.read().split(b"\0", 1)[0].decode("utf-8", "replace")
            with open(f"{PROCESSES}/{pid}/comm", "rb") as file:
                short = file.read().rstrip(b"\n").decode("utf-8", "replace")
        except OSError:
            continue  # it has ended since
        if name in (os.path.basename(command), command, short):
            return pid
    return None


def sample(properties: ProcProperties) -> list[Record]:
    """Return one record, or none; raises OSError."""
    pid = find(properties.proc_name)
    if properties.alert and pid is not None:
        return []
    record: Record = {
        "alive": pid is not None,
        "proc_name": properties.proc_name,
        "pid": -1 if pid is None else pid,
    }
    if pid is None:
        return [record]
    try:
        if properties.mem:
            with open(f"{PROCESSES}/{pid}/status") as file:
                record |= parse_memory(file.read())
        if properties.fd:
            record["fd"] = len(os.listdir(f"{PROCESSES}/{pid}/fd"))
    except ProcessLookupError:
        record["alive"] = False
    return [record]


def _build(
    properties: ProcProperties, shared: InputProperties, context: InputContext
) -> SampledInput:
    return SampledInput(partial(sample, properties), properties.interval, shared, context)


PROC = Declaration(
    name="proc",
    summary="Samples whether a process is there, its memory and its open files.",
    properties=ProcProperties,
    required=("proc_name",),
    build=_build,
)
