"""The metrics that every process exposes about itself."""

from __future__ import annotations

import os
import resource
import sys
import time
from typing import TYPE_CHECKING

from prometheus_client import Gauge
from prometheus_client.core import GaugeMetricFamily, Metric, Sample

import pillion
from pillion.metrics.template import MetricTemplate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client import CollectorRegistry


def add_build_info(registry: CollectorRegistry, prefix: str, version: str = "") -> None:
    """Add `PREFIX_build_info`, 1, with the versions as labels; the library's when none is given."""
    info = GaugeMetricFamily(
        f"{prefix}_build_info",
        "The versions that this process is made of; always 1.",
        labels=("version", "pythonversion"),
    )
    # The module platform would take 3 ms to say the same.
    python = ".".join(map(str, sys.version_info[:3]))
    info.add_metric((version or pillion.__version__, python), 1)
    registry.register(_Constant(info))


class _Constant:
    """Collects a metric that never changes, without making it anew."""

    __slots__ = ("_metrics",)

    def __init__(self, metric: Metric) -> None:
        self._metrics = (metric,)

    def describe(self) -> tuple[Metric]:
        return self._metrics

    def collect(self) -> tuple[Metric]:
        return self._metrics


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


_SCRAPES = MetricTemplate(
    "promhttp_metric_handler_requests", "Total number of scrapes by HTTP status code.", "counter"
)
_IN_FLIGHT = MetricTemplate(
    f"{_SCRAPES.name}_in_flight", "Current number of scrapes being served.", "gauge"
)


class ScrapeCollector:
    """Counts scrapes as Go's promhttp does, so that dashboards for the peers go on working.

        scrapes = ScrapeCollector()
        registry.register(scrapes)
        with scrapes:  # an exception counts as code 500
            ...

    A collector and no `Counter`: with three series that takes 4 % of the CPU of a whole scrape.
    """

    __slots__ = ("_codes", "_in_flight")

    def __init__(self) -> None:
        self._codes = {"200": 0, "500": 0, "503": 0}
        self._in_flight = 0

    def __enter__(self) -> None:
        self._in_flight += 1

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        self._in_flight -= 1
        self._codes["200" if kind is None else "500"] += 1

    def describe(self) -> tuple[Metric, Metric]:
        """Return the metrics without their values."""
        return _SCRAPES.filled([]), _IN_FLIGHT.filled([])

    def collect(self) -> tuple[Metric, Metric]:
        """Return the metrics as they stand."""
        name = f"{_SCRAPES.name}_total"
        scrapes = [Sample(name, {"code": code}, count) for code, count in self._codes.items()]
        in_flight = [Sample(_IN_FLIGHT.name, {}, self._in_flight)]
        return _SCRAPES.filled(scrapes), _IN_FLIGHT.filled(in_flight)


_PROCESS = (
    MetricTemplate("process_cpu_seconds", "CPU time spent, user and system.", "counter"),
    MetricTemplate("process_open_fds", "Open file descriptors.", "gauge"),
    MetricTemplate("process_max_fds", "How many file descriptors may be open.", "gauge"),
    MetricTemplate("process_virtual_memory_bytes", "Virtual memory in bytes.", "gauge"),
    MetricTemplate("process_resident_memory_bytes", "Resident memory in bytes.", "gauge"),
    MetricTemplate("process_start_time_seconds", "When the process started, since 1970.", "gauge"),
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
        return [template.filled([]) for template in _PROCESS]

    def collect(self) -> Iterable[Metric]:
        """Return the metrics; about 12 µs."""
        virtual, resident = os.pread(self._statm, 64, 0).split(maxsplit=2)[:2]
        values = (
            time.process_time(),
            _open_files(),
            self._max_fds,
            int(virtual) * self._page,
            int(resident) * self._page,
            self._start,
        )
        metrics = []
        for template, value in zip(_PROCESS, values, strict=True):
            name = f"{template.name}_total" if template.type == "counter" else template.name
            metrics.append(template.filled([Sample(name, {}, value)]))
        return metrics


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
