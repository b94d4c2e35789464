"""The families that every process exposes about itself."""

from __future__ import annotations

import os
import resource
import sys
import time
from typing import TYPE_CHECKING

import pillion
from pillion.metrics.model import Family, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pillion.metrics.instruments import Registry
    from pillion.metrics.model import Kind


def add_build_info(registry: Registry, prefix: str, version: str = "") -> None:
    """Add `PREFIX_build_info`, 1, with the versions as labels; the library's when none is given."""
    info = registry.gauge(
        f"{prefix}_build_info",
        "The versions that this process is made of; always 1.",
        ("version", "pythonversion"),
    )
    # The module platform would take 3 ms to say the same.
    python = ".".join(map(str, sys.version_info[:3]))
    info.labelled(version or pillion.__version__, python).set(1)


class ReloadGauges:
    """Whether the configuration in force is the one on disk, and since when."""

    def __init__(
        self, registry: Registry, prefix: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._clock = clock
        self._successful = registry.gauge(
            f"{prefix}_config_last_reload_successful",
            "1 when the last load of the configuration succeeded, 0 when the old one was kept.",
        )
        self._timestamp = registry.gauge(
            f"{prefix}_config_last_reload_success_timestamp_seconds",
            "When the configuration in force was loaded, in seconds since 1970.",
        )
        self.succeeded()

    def succeeded(self) -> None:
        """Say that a configuration was loaded."""
        self._successful.set(1)
        self._timestamp.set(self._clock())

    def failed(self) -> None:
        """Say that a configuration was refused and the old one kept."""
        self._successful.set(0)


_PROCESS: tuple[tuple[str, Kind, str], ...] = (
    ("process_cpu_seconds_total", "counter", "CPU time spent, user and system."),
    ("process_open_fds", "gauge", "Open file descriptors."),
    ("process_max_fds", "gauge", "How many file descriptors may be open."),
    ("process_virtual_memory_bytes", "gauge", "Virtual memory in bytes."),
    ("process_resident_memory_bytes", "gauge", "Resident memory in bytes."),
    ("process_start_time_seconds", "gauge", "When the process started, since 1970."),
)


class ProcessSource:
    """The `process_*` families, as every Prometheus client names them (Linux).

    Source: Prometheus' "Writing client libraries", process metrics; proc(5).
    """

    __slots__ = ("_max_fds", "_page", "_start", "_statm")

    def __init__(self) -> None:
        self._page = resource.getpagesize()
        self._max_fds = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._start = _start_time()
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)

    def families(self) -> Iterator[Family]:
        """Yield the families; about 10 µs."""
        virtual, resident = os.pread(self._statm, 64, 0).split(maxsplit=2)[:2]
        values = (
            time.process_time(),
            _open_files(),
            self._max_fds,
            int(virtual) * self._page,
            int(resident) * self._page,
            self._start,
        )
        for (name, kind, description), value in zip(_PROCESS, values, strict=True):
            yield Family(name, kind, description, (Sample(value),))


def _open_files() -> int:
    # Since Linux 6.2 the size of this directory is their number; before, it is 0.
    return os.stat("/proc/self/fd").st_size or len(os.listdir("/proc/self/fd")) - 1  # noqa: PTH116, PTH208  # pathlib costs 1 MB


def _start_time() -> float:
    """Return when this process started, in seconds since 1970 (proc(5), field 22)."""
    with open("/proc/self/stat", "rb") as file:  # noqa: PTH123  # pathlib costs 1 MB
        after_name = file.read().rpartition(b")")[2].split()
    since_boot = int(after_name[19]) / os.sysconf("SC_CLK_TCK")
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return round(boot + since_boot, 2)
