"""The metrics that every process exposes about itself."""

from __future__ import annotations

import os
import resource
import sys
import time
from typing import TYPE_CHECKING

from prometheus_client import Gauge
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

import pillion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client import CollectorRegistry, Metric


def add_build_info(registry: CollectorRegistry, prefix: str) -> None:
    """Add `PREFIX_build_info`, 1, with the versions as labels."""
    info = Gauge(
        f"{prefix}_build_info",
        "The versions that this process is made of; always 1.",
        ("version", "pythonversion"),
        registry=registry,
    )
    # The module platform would take 3 ms to say the same.
    python = ".".join(map(str, sys.version_info[:3]))
    info.labels(pillion.__version__, python).set(1)


class ReloadGauges:
    """Whether the configuration in force is the one on disk, and since when."""

    def __init__(
        self, registry: CollectorRegistry, prefix: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._clock = clock
        self._successful = Gauge(
            f"{prefix}_config_last_reload_successful",
            "1 when the last load of the configuration succeeded, 0 when the old one was kept.",
            registry=registry,
        )
        self._timestamp = Gauge(
            f"{prefix}_config_last_reload_success_timestamp_seconds",
            "When the configuration in force was loaded, in seconds since 1970.",
            registry=registry,
        )
        self.succeeded()

    def succeeded(self) -> None:
        """Say that a configuration was loaded."""
        self._successful.set(1)
        self._timestamp.set(self._clock())

    def failed(self) -> None:
        """Say that a configuration was refused and the old one kept."""
        self._successful.set(0)


_PROCESS = (
    (CounterMetricFamily, "process_cpu_seconds_total", "CPU time spent, user and system."),
    (GaugeMetricFamily, "process_open_fds", "Open file descriptors."),
    (GaugeMetricFamily, "process_max_fds", "How many file descriptors may be open."),
    (GaugeMetricFamily, "process_virtual_memory_bytes", "Virtual memory in bytes."),
    (GaugeMetricFamily, "process_resident_memory_bytes", "Resident memory in bytes."),
    (GaugeMetricFamily, "process_start_time_seconds", "When the process started, since 1970."),
)


class ProcessCollector:
    """The `process_*` metrics, as every Prometheus client names them (Linux).

    Source: Prometheus' "Writing client libraries", process metrics; proc(5).
    """

    __slots__ = ("_max_fds", "_page", "_start", "_statm")

    def __init__(self) -> None:
        self._page = resource.getpagesize()
        self._max_fds = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._start = _start_time()
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)

    def describe(self) -> Iterable[Metric]:
        """Return the metrics without their values."""
        return [make(name, description) for make, name, description in _PROCESS]

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; about 20 µs."""
        virtual, resident = os.pread(self._statm, 64, 0).split(maxsplit=2)[:2]
        values = (
            time.process_time(),
            _open_files(),
            self._max_fds,
            int(virtual) * self._page,
            int(resident) * self._page,
            self._start,
        )
        for (make, name, description), value in zip(_PROCESS, values, strict=True):
            yield make(name, description, value=value)


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
