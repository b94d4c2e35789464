"""The input `cpu`: how busy the processors are, or one process.

Source: fluent-bit's manual, "CPU metrics"; proc(5), `/proc/stat` and `/proc/PID/stat`.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import NUMBER
from pillion_log_agent.inputs.sampled import IntervalProperties, SampledInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext
    from pillion_log_agent.records.columns import Record

STAT = "/proc/stat"
_PROCESS_USER, _PROCESS_SYSTEM = 11, 12
"""Places of utime and stime behind the name in `/proc/PID/stat`."""

Ticks = dict[str, tuple[int, int]]
"""By name, clock ticks in user space (with nice) and in the kernel."""


@dataclass(frozen=True, slots=True)
class CpuProperties(IntervalProperties):
    """The properties of `cpu`."""

    pid: int = setting("pid", NUMBER, "Only this process; the whole machine if not.", default=-1)


def parse_stat(text: str) -> Ticks:
    """Return the ticks of `cpu` (all processors) and of each processor."""
    found: Ticks = {}
    for line in text.splitlines():
        name, *values = line.split()
        if not name.startswith("cpu"):
            break
        user, nice, system = (int(value) for value in values[:3])
        found[name] = (user + nice, system)
    return found


def parse_process(text: str) -> Ticks:
    """Return the ticks of one process, whose name may have anything in it."""
    fields = text.rpartition(")")[2].split()
    return {"cpu": (int(fields[_PROCESS_USER]), int(fields[_PROCESS_SYSTEM]))}


def usage(before: Ticks, now: Ticks, per_second: float) -> Record:
    """Return percentages of one processor; those of all are of all processors together.

    Args:
        before: an earlier look.
        now: a later one.
        per_second: ticks of one processor between the two, in hundredths.
    """
    count = max(len(now) - 1, 1)
    record: Record = {}
    for name, (user, system) in now.items():
        user_before, system_before = before.get(name, (user, system))
        share = per_second * (count if name == "cpu" else 1)
        prefix = "" if name == "cpu" else f"{name}."
        in_user, in_system = (user - user_before) / share, (system - system_before) / share
        record[f"{prefix}{'cpu_p' if name == 'cpu' else 'p_cpu'}"] = in_user + in_system
        record[f"{prefix}{'user_p' if name == 'cpu' else 'p_user'}"] = in_user
        record[f"{prefix}{'system_p' if name == 'cpu' else 'p_system'}"] = in_system
    return record


class CpuSampler:
    """Looks at the ticks and remembers the last look."""

    def __init__(self, pid: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = STAT if pid < 0 else f"/proc/{pid}/stat"
        self._parse = parse_stat if pid < 0 else parse_process
        self._clock = clock
        self._ticks = os.sysconf("SC_CLK_TCK") / 100
        self._last: tuple[float, Ticks] | None = None

    def sample(self) -> list[Record]:
        """Return the usage since the last look; nothing at the first."""
        with open(self._path) as file:
            ticks = self._parse(file.read())
        now = self._clock()
        last, self._last = self._last, (now, ticks)
        if last is None or now <= last[0]:
            return []
        return [usage(last[1], ticks, (now - last[0]) * self._ticks)]


def _build(
    properties: CpuProperties, shared: InputProperties, context: InputContext
) -> SampledInput:
    return SampledInput(CpuSampler(properties.pid).sample, properties.interval, shared, context)


CPU = Declaration(
    name="cpu",
    summary="Samples how busy the processors are.",
    properties=CpuProperties,
    build=_build,
)
