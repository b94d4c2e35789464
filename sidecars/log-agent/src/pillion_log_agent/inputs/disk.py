"""The input `disk`: bytes that were read from and written to disks since the last look.

Source: fluent-bit's manual, "Disk I/O metrics"; the kernel's `admin-guide/iostats`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import optional
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import TEXT
from pillion_log_agent.inputs.sampled import IntervalProperties, SampledInput

if TYPE_CHECKING:
    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext
    from pillion_log_agent.records.columns import Record

DISKSTATS = "/proc/diskstats"
SECTOR = 512
_NAME, _READ, _WRITTEN = 2, 5, 9


@dataclass(frozen=True, slots=True)
class DiskProperties(IntervalProperties):
    """The properties of `disk`."""

    dev_name: str | None = optional("dev_name", TEXT, "Only this disk, such as sda.")


def parse_diskstats(text: str, only: str | None) -> tuple[int, int]:
    """Return the bytes read and written over all disks, or of one."""
    read = written = 0
    for line in text.splitlines():
        fields = line.split()
        if len(fields) > _WRITTEN and only in (None, fields[_NAME]):
            read += int(fields[_READ]) * SECTOR
            written += int(fields[_WRITTEN]) * SECTOR
    return read, written


class DiskSampler:
    """Looks at the counters and remembers the last look."""

    def __init__(self, only: str | None) -> None:
        self._only = only
        self._last: tuple[int, int] | None = None

    def sample(self) -> list[Record]:
        """Return what was moved since the last look; nothing at the first. Raises OSError."""
        with open(DISKSTATS) as file:
            now = parse_diskstats(file.read(), self._only)
        last, self._last = self._last, now
        if last is None:
            return []
        # A disk that was taken away takes its count with it.
        return [{"read_size": max(now[0] - last[0], 0), "write_size": max(now[1] - last[1], 0)}]


def _build(
    properties: DiskProperties, shared: InputProperties, context: InputContext
) -> SampledInput:
    sampler = DiskSampler(properties.dev_name)
    return SampledInput(sampler.sample, properties.interval, shared, context)


DISK = Declaration(
    name="disk",
    summary="Samples what is read from and written to disks.",
    properties=DiskProperties,
    build=_build,
)
