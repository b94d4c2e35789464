from __future__ import annotations

import pytest

from pillion.metrics import Counter, Registry
from pillion.metrics.exposition import text
from pillion.metrics.standard import ProcessSource, ReloadGauges, add_build_info
from pillion.testing import Clock, Scrape


def scrape(registry: Registry) -> Scrape:
    return Scrape.parse(text(registry.families()))


def test_an_instrument_without_labels_is_there_from_the_start() -> None:
    registry = Registry()
    registry.counter("a_total", "A.")
    assert scrape(registry).value("a_total") == 0


def test_a_labelled_series_is_there_once_it_was_touched() -> None:
    registry = Registry()
    errors = registry.counter("errors_total", "E.", ("reason",))
    assert scrape(registry).labels("errors_total") == []
    errors.labelled("refused").inc()
    errors.labelled("refused").inc(2)
    assert scrape(registry).value("errors_total", reason="refused") == 3


def test_series_beyond_the_limit_are_counted_together() -> None:
    counter = Counter("hits_total", "H.", ("path",), limit=3)
    for number in range(100):
        counter.labelled(f"/{number}").inc()
    (family,) = counter.families()
    values = {sample.labels[0][1]: sample.value for sample in family.samples}
    assert values == {"/0": 1, "/1": 1, "/2": 1, "other": 97}


def test_a_series_that_is_forgotten_is_gone() -> None:
    counter = Counter("hits_total", "H.", ("path",))
    counter.labelled("/").inc()
    counter.forget("/")
    (family,) = counter.families()
    assert family.samples == []


def test_a_wrong_number_of_labels_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"has the labels \('path',\), not \('a', 'b'\)"):
        Counter("hits_total", "H.", ("path",)).labelled("a", "b")


def test_a_name_is_registered_once() -> None:
    registry = Registry()
    registry.gauge("a", "A.")
    with pytest.raises(ValueError, match="a is registered already"):
        registry.counter("a", "A.")


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a b", "ä"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no metric name"):
        Counter(name, "A.")


@pytest.mark.parametrize("label", ["", "1a", "a-b", "__a", "a:b"])
def test_a_label_that_is_none_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match="is no label name"):
        Counter("a_total", "A.", (label,))


def test_reload_gauges_say_whether_the_configuration_on_disk_is_in_force() -> None:
    registry = Registry()
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
    registry = Registry()
    add_build_info(registry, "x")
    (labels,) = scrape(registry).labels("x_build_info")
    assert set(labels) == {"version", "pythonversion"}


def test_the_process_describes_itself() -> None:
    registry = Registry()
    registry.add(ProcessSource())
    seen = scrape(registry)
    assert seen.value("process_resident_memory_bytes") > 5e6
    assert seen.value("process_open_fds") >= 3
    assert seen.value("process_start_time_seconds") > 1.6e9
    assert seen.types["process_cpu_seconds_total"] == "counter"
