"""Zones of the system's database, for times that do not say their offset.

An hour that a clock passes through twice is taken the first time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_QUARTER = 900
_CACHE_LIMIT = 4096


class Zone(Protocol):
    """Where clocks show the time that is meant."""

    def offset_at(self, local: int) -> int:
        """Return the seconds east of UTC when clocks show a time.

        Args:
            local: that time, in seconds since 1970 as if it were UTC.
        """
        ...


@dataclass(frozen=True, slots=True)
class NamedZone:
    """A zone by its name, such as Europe/Berlin."""

    info: ZoneInfo
    _offsets: dict[int, int] = field(default_factory=dict, compare=False, repr=False)

    def offset_at(self, local: int) -> int:
        """Return the seconds east of UTC when clocks show a time."""
        quarter = local // _QUARTER  # no zone changes its offset in between
        offset = self._offsets.get(quarter)
        if offset is None:
            shown = datetime.fromtimestamp(quarter * _QUARTER, UTC).replace(tzinfo=self.info)
            difference = shown.utcoffset()
            assert difference is not None
            if len(self._offsets) >= _CACHE_LIMIT:
                self._offsets.clear()
            offset = self._offsets[quarter] = int(difference.total_seconds())
        return offset


class SystemZone:
    """The zone of the process, as TZ or /etc/localtime say it."""

    def offset_at(self, local: int) -> int:
        """Return the seconds east of UTC when clocks show a time."""
        return local - int(time.mktime((*time.gmtime(local)[:8], -1)))


@lru_cache(maxsize=16)
def named_zone(name: str) -> NamedZone:
    """Return a zone; raises ValueError where the system does not know it."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415  # 12 ms

    try:
        return NamedZone(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"{name!r} is not a time zone of this system; write one such as Europe/Berlin"
        ) from None
