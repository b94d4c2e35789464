"""The input `netif`: what went through a network interface since the last look.

Source: fluent-bit's manual, "Network I/O metrics"; proc(5), `/proc/net/dev`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, TEXT
from pillion_log_agent.inputs.sampled import IntervalProperties, SampledInput

if TYPE_CHECKING:
    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext
    from pillion_log_agent.records.columns import Record

DEVICES = "/proc/net/dev"
_COLUMNS = (
    *(("rx.bytes", 0, True), ("rx.packets", 1, True), ("rx.errors", 2, True)),
    *(("rx.drop", 3, False), ("rx.fifo", 4, False), ("rx.frame", 5, False)),
    *(("rx.compressed", 6, False), ("rx.multicast", 7, False)),
    *(("tx.bytes", 8, True), ("tx.packets", 9, True), ("tx.errors", 10, True)),
    *(("tx.drop", 11, False), ("tx.fifo", 12, False), ("tx.collisions", 13, False)),
    *(("tx.carrier", 14, False), ("tx.compressed", 15, False)),
)
"""Name, column, and whether it is there without `verbose`."""


@dataclass(frozen=True, slots=True)
class NetifProperties(IntervalProperties):
    """The properties of `netif`."""

    interface: str = setting("interface", TEXT, "The interface, such as eth0.", default="")
    verbose: bool = setting("verbose", FLAG, "Give every counter.", default=False)
    test_at_init: bool = setting(
        "test_at_init", FLAG, "Refuse to start where there is no such interface.", default=False
    )


def parse_devices(text: str, interface: str) -> list[int]:
    """Return the counters of an interface.

    Raises:
        OSError: there is no such interface.
    """
    for line in text.splitlines():
        name, colon, rest = line.partition(":")
        if colon and name.strip() == interface:
            return [int(value) for value in rest.split()]
    raise OSError(f"there is no interface {interface!r} in {DEVICES}")


class NetifSampler:
    """Looks at the counters and remembers the last look."""

    def __init__(self, properties: NetifProperties) -> None:
        self._interface = properties.interface
        self._columns = [
            (f"{properties.interface}.{name}", column)
            for name, column, is_common in _COLUMNS
            if is_common or properties.verbose
        ]
        self._last: list[int] | None = None
        if properties.test_at_init:
            try:
                self._counters()
            except OSError as error:
                raise ValueError(f"interface: {error}") from None

    def _counters(self) -> list[int]:
        with open(DEVICES) as file:
            return parse_devices(file.read(), self._interface)

    def sample(self) -> list[Record]:
        """Return what went through since the last look; nothing at the first. Raises OSError."""
        now = self._counters()
        last, self._last = self._last, now
        if last is None:
            return []
        return [{name: max(now[column] - last[column], 0) for name, column in self._columns}]


def _build(
    properties: NetifProperties, shared: InputProperties, context: InputContext
) -> SampledInput:
    return SampledInput(NetifSampler(properties).sample, properties.interval, shared, context)


NETIF = Declaration(
    name="netif",
    summary="Samples what goes through a network interface.",
    properties=NetifProperties,
    required=("interface",),
    build=_build,
)
