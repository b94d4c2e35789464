"""The paths that fluent-bit answers, over records that the input lets in and keeps out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.sidecars.log_agent.running import Agent, agent
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIGURATION = """
parsers:
  - {{name: timed, format: json, time_key: time, time_format: '%Y-%m-%dT%H:%M:%S%z', time_keep: on}}
pipeline:
  inputs:
    - {{name: tail, path: {folder}/*.log, parser: timed, read_from_head: on,
       exclude_path: '*-debug.log', ignore_older_records: 1h}}
  filters: [{{name: grep, match: '*', exclude: 'n ^2$'}}]
  outputs: [{{name: stdout, match: '*', format: json_lines}}]
"""


def line(number: int, time: str) -> str:
    return json.dumps({"n": str(number), "time": time}) + "\n"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Agent]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "app-debug.log").write_text(line(9, now))
    (logs / "app.log").write_text(
        line(0, "2020-01-01T00:00:00Z") + line(1, now) + line(2, now) + line(3, now)
    )
    configuration = tmp_path / "agent.yaml"
    configuration.write_text(CONFIGURATION.format(folder=logs))
    with agent(configuration) as found:
        eventually(lambda: found.settled("delivered"), lambda count: count == 2)
        yield found


def test_what_is_old_or_excluded_or_filtered_goes_no_further(running: Agent) -> None:
    assert [record["n"] for record in running.lines()] == ["1", "3"]
    assert running.records("read") == 4
    assert running.records("dropped", "ignore_older_records") == 1
    assert running.settled("filtered") == 1


def test_metrics_as_json_have_the_keys_of_fluent_bit_s(running: Agent) -> None:
    figures = json.loads(running.started.get("/api/v1/metrics").text)
    assert figures["input"]["tail.0"]["records"] == 3
    assert figures["filter"]["grep.0"] == {"drop_records": 1, "add_records": 0}
    output = figures["output"]["stdout.0"]
    assert (output["proc_records"], output["errors"], output["retries_failed"]) == (2, 0, 0)


@pytest.mark.parametrize("path", ["/api/v1/metrics/prometheus", "/api/v2/metrics/prometheus"])
def test_metrics_for_prometheus_have_the_names_of_fluent_bit_s(running: Agent, path: str) -> None:
    rows = running.started.get(path).text.splitlines()
    assert 'fluentbit_input_records_total{name="tail.0"} 3' in rows
    assert 'fluentbit_filter_drop_records_total{name="grep.0"} 1' in rows
    assert 'fluentbit_output_proc_records_total{name="stdout.0"} 2' in rows


def test_the_uptime_is_said_in_seconds_and_in_words(running: Agent) -> None:
    said = json.loads(running.started.get("/api/v1/uptime").text)
    assert said["uptime_sec"] >= 0
    assert said["uptime_hr"].startswith("0 days, 0 hours, 0 minutes and ")


def test_the_page_says_what_runs_and_where_its_figures_are(running: Agent) -> None:
    page = running.started.get("/")
    assert page.status == 200
    for shown in ("tail.0", "grep.0", "stdout.0", 'href="metrics"', 'href="api/v1/metrics"'):
        assert shown in page.text
