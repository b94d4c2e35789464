"""The filter log_to_metrics, on /metrics and behind the output prometheus_exporter."""

from __future__ import annotations

import re
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from pillion.errors import ConfigurationError
from pillion_log_agent.filters import log_to_metrics
from pillion_log_agent.filters.log_to_metrics import LogToMetricsFilter
from tests.sidecars.log_agent.running import agent
from tests.sidecars.log_agent.test_filters import batch, made
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path


def metric(*entries: tuple[str, str]) -> LogToMetricsFilter:
    found = made("log_to_metrics", *entries)
    assert isinstance(found, LogToMetricsFilter)
    return found


def samples(made_filter: LogToMetricsFilter) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for each in made_filter.collect()
        for sample in each.samples
    }


def test_records_are_counted_by_label_and_go_on_as_they_are() -> None:
    records: list[dict[str, Any]] = [
        {"level": "error", "k": {"pod": "a"}},
        {"level": "error", "k": {"pod": "b"}},
        {"level": "info"},
    ]
    count = metric(
        ("metric_name", "errors"),
        ("regex", "level ^error"),
        ("label_field", "$k['pod']"),
        ("add_label", "lvl $level"),
    )
    assert count.apply(batch(*records)).records() == records
    count.apply(batch(records[0]))
    name = "log_metric_counter_errors_total"
    assert samples(count) == {(name, ("error", "a")): 2, (name, ("error", "b")): 1}


def test_a_gauge_has_the_last_number_and_a_histogram_all_of_them() -> None:
    records: list[dict[str, Any]] = [
        {"d": 0.3},
        {"d": "7"},
        {"d": "x"},
        {"d": True},
        {},
        {"d": "nan"},
        {"d": 20},
    ]
    gauge = metric(("metric_mode", "gauge"), ("value_field", "d"), ("metric_name", "g"))
    gauge.apply(batch(*records))
    assert samples(gauge) == {("log_metric_gauge_g", ()): 20}
    histogram = metric(
        ("metric_mode", "histogram"),
        ("value_field", "$d"),
        ("bucket", "10"),
        ("bucket", "1"),
        ("metric_subsystem", "s"),
        ("metric_name", "h"),
    )
    histogram.apply(batch(*records))
    assert samples(histogram) == {
        ("log_metric_s_h_bucket", ("1.0",)): 1,
        ("log_metric_s_h_bucket", ("10.0",)): 2,
        ("log_metric_s_h_bucket", ("+Inf",)): 3,
        ("log_metric_s_h_count", ()): 3,
        ("log_metric_s_h_sum", ()): 27.3,
    }


def test_label_values_are_bounded_and_further_ones_are_counted_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_to_metrics, "MOST_SERIES", 3)
    count = metric(("label_field", "id"))
    count.apply(batch(*({"id": str(number)} for number in range(10))))
    found = {labels: value for (_, labels), value in samples(count).items()}
    assert found == {("0",): 1, ("1",): 1, ("2",): 1, ("_overflow",): 7}


def test_logs_may_end_there() -> None:
    count = metric(("discard_logs", "on"))
    assert len(count.apply(batch({"a": 1}))) == 0
    assert list(samples(count).values()) == [1]


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ([("metric_mode", "gauge")], "value_field is missing"),
        ([("metric_name", "a b")], "is no name of a metric"),
        ([("metric_mode", "timer")], "metric_mode"),
        ([("add_label", "1a b")], "is no name of a label"),
    ],
)
def test_what_is_no_metric_is_refused(entries: list[tuple[str, str]], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        metric(*entries)


CONFIGURATION = """
[SERVICE]
    flush 0.05
[INPUT]
    name tail
    path {folder}/app.log
    tag app
    parser json
    read_from_head on
[FILTER]
    name log_to_metrics
    match app
    metric_name lines
    label_field level
[FILTER]
    name log_to_metrics
    match app
    metric_name lines
    label_field color
[OUTPUT]
    name prometheus_exporter
    match *
    host 127.0.0.1
    port {port}
    add_label team a
[OUTPUT]
    name stdout
    match *
    format json_lines
"""


def test_the_metric_is_on_both_pages_over_a_reload(tmp_path: Path) -> None:
    from tests.sidecars.log_agent.test_listening_inputs import free_ports  # noqa: PLC0415

    port = free_ports("one")["one"]
    (tmp_path / "app.log").write_text('{"level": "error"}\n' * 3)
    path = tmp_path / "agent.conf"
    path.write_text(CONFIGURATION.format(folder=tmp_path, port=port))

    def page() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
            return str(answer.read().decode())

    with agent(path) as running:
        eventually(running.lines, lambda found: len(found) == 3)
        own = running.started.get("/metrics").text
        assert re.search(r'log_metric_counter_lines_total\{level="error"\} 3', own)
        assert re.search(
            r'log_metric_counter_lines_total\{(?=.*level="error")(?=.*team="a").*\} 3', page()
        )
        assert "pillion_log_agent_records_total" not in page()
        assert running.started.get("/-/reload", method="POST").status == 200
        assert "log_metric_counter_lines" in page()
        assert running.records("delivered") == 3
        assert running.started.stop() == 0
