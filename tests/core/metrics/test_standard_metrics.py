from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.registry import DuplicateTimeseries

from pillion.metrics.exposition import text
from pillion.metrics.standard import ProcessCollector, ReloadGauges, add_build_info
from pillion.testing import Clock, Scrape


def scrape(registry: CollectorRegistry) -> Scrape:
    return Scrape.parse(text(registry.collect()))


def test_reload_gauges_say_whether_the_configuration_on_disk_is_in_force() -> None:
    registry = CollectorRegistry()
    clock = Clock(100.0)
    gauges = ReloadGauges(registry, "x", clock)
    clock.advance(5)
    gauges.failed()
    assert scrape(registry).value("x_config_last_reload_successful") == 0
    assert scrape(registry).value("x_config_last_reload_success_timestamp_seconds") == 100
    gauges.succeeded()
    assert scrape(registry).value("x_config_last_reload_successful") == 1
    assert scrape(registry).value("x_config_last_reload_success_timestamp_seconds") == 105


def test_build_info_carries_the_versions() -> None:
    registry = CollectorRegistry()
    add_build_info(registry, "x")
    (labels,) = scrape(registry).labels("x_build_info")
    assert set(labels) == {"version", "pythonversion"}


def test_the_process_describes_itself() -> None:
    registry = CollectorRegistry()
    registry.register(ProcessCollector())
    seen = scrape(registry)
    assert seen.value("process_resident_memory_bytes") > 5e6
    assert seen.value("process_open_fds") >= 3
    assert seen.value("process_start_time_seconds") > 1.6e9
    assert seen.types["process_cpu_seconds_total"] == "counter"


def test_a_metric_that_the_process_has_already_cannot_be_registered() -> None:
    registry = CollectorRegistry()
    registry.register(ProcessCollector())
    with pytest.raises(DuplicateTimeseries, match="process_open_fds"):
        Gauge("process_open_fds", "Mine.", registry=registry)
