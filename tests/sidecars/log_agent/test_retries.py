"""Waiting and trying again: as long as was asked for, no longer than the end allows."""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.bulk_sink import bulk_sink
from tests.sidecars.log_agent.running import COMMAND, agent, balances, summary
from tests.sidecars.log_agent.test_delivery import configured, expected, logs, taken, write
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

DOWN = [{"kind": "status", "status": 503}] * 1000


def waiting_long(folder: Path, sink: Any, *, more: str = "") -> Path:
    """Return a configuration whose first wait before a retry is longer than any test."""
    path = configured(folder, sink, more=more)
    text = path.read_text().replace("scheduler.base: 0.05", "scheduler.base: 300")
    path.write_text(text.replace("scheduler.cap: 0.2", "scheduler.cap: 600"))
    return path


@pytest.mark.parametrize("asked", [{"retry_after": 2}, {"retry_at": 2}], ids=["seconds", "date"])
def test_retry_after_is_waited_for_though_a_retry_is_due_sooner(
    tmp_path: Path, asked: dict[str, int]
) -> None:
    with bulk_sink() as sink, agent(configured(tmp_path, sink)) as running:
        sink.fail({"kind": "status", "status": 429, **asked})
        write(tmp_path / "logs" / "a.log", range(3))
        taken(sink, 3)
        first, second = sink.times()
        running.started.stop()
    assert 1.99 <= second - first < 4


def test_the_end_does_not_wait_for_a_retry_that_is_due_later(tmp_path: Path) -> None:
    with bulk_sink() as sink, agent(waiting_long(tmp_path, sink)) as running:
        sink.fail({"kind": "status", "status": 503})
        write(tmp_path / "logs" / "a.log", range(3))
        running.started.wait_for_log(r"output es.0 failed \(")
        began = time.monotonic()
        assert running.started.stop() == 0
        assert time.monotonic() - began < 5
        assert logs(sink) == expected(range(3))
    assert summary(running.started.log)["in_flight"] == 0


def test_the_end_waits_as_long_as_retry_after_says(tmp_path: Path) -> None:
    with bulk_sink() as sink, agent(waiting_long(tmp_path, sink)) as running:
        sink.fail({"kind": "status", "status": 429, "retry_after": 2})
        write(tmp_path / "logs" / "a.log", range(3))
        running.started.wait_for_log(r"output es.0 failed \(")
        assert running.started.stop() == 0
        first, second = sink.times()
        assert second - first >= 1.99
        assert logs(sink) == expected(range(3))


@pytest.mark.parametrize(
    "fault",
    [{"kind": "status", "status": 503}, {"kind": "hang"}, {"kind": "down", "seconds": 60}],
    ids=["503", "no answer", "refuses connections"],
)
def test_the_end_comes_within_its_time_while_a_sink_is_down(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    with bulk_sink() as sink:
        sink.fail(*[fault] * 1000)
        configuration = configured(tmp_path, sink)
        with agent(configuration, "--drain.timeout=2s") as running:
            write(tmp_path / "logs" / "a.log", range(3))
            eventually(
                lambda: running.started.scrape().value("pillion_log_agent_records_in_flight"),
                lambda found: found == 3,
            )
            began = time.monotonic()
            assert running.started.stop() == 0
            assert time.monotonic() - began < 3
    figures = summary(running.started.log)
    assert balances(figures)
    assert figures["in_flight"] == 3
    assert "they will be read again" in running.started.log


def test_the_end_comes_within_its_time_while_nobody_reads_standard_output(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(("x" * 200 + "\n") * 10_000)
    configuration = tmp_path / "agent.yaml"
    configuration.write_text(
        f"pipeline: {{inputs: [{{name: tail, path: {tmp_path}/a.log, read_from_head: true}}],"
        " outputs: [{name: stdout, match: '*', format: json_lines}]}"
    )
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [*COMMAND, f"--config.file={configuration}", "--web.listen-address=127.0.0.1:0",
         "--drain.timeout=2s"],
        stdout=writing, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(writing)
    assert os.read(reading, 1)
    began = time.monotonic()
    process.terminate()
    _, said = process.communicate(timeout=10)
    os.close(reading)
    assert time.monotonic() - began < 3
    assert process.returncode == 0
    assert balances(summary(said))
    assert summary(said)["in_flight"] > 0


def test_a_slow_output_stops_another_only_at_the_bound_in_flight(tmp_path: Path) -> None:
    with bulk_sink() as slow, bulk_sink() as sink:
        more = f"    - {{name: es, alias: slow, match: '*', host: 127.0.0.1, port: {slow.port}}}\n"
        slow.fail(*DOWN)
        configuration = configured(tmp_path, sink, more=more)
        text = configuration.read_text()
        configuration.write_text(text.replace("db:", "mem_buf_limit: 2MB\n      db:"))
        log = tmp_path / "logs" / "a.log"
        with agent(configuration, "--drain.timeout=2s") as running:
            write(log, range(100))
            taken(sink, 100)
            count = 4 * 1024 * 1024 // (log.stat().st_size // 100)
            write(log, range(100, count))
            # As much as may be in flight goes to the one, though the other has taken nothing.
            taken(sink, count // 4)
            eventually(
                lambda: running.started.scrape().value(
                    "pillion_log_agent_tail_in_flight_bytes", input="tail.0"
                ),
                lambda found: found > 1024 * 1024,
            )
            assert sink.counts()["taken"] < count
            assert slow.counts()["taken"] == 0
            slow.fail()
            taken(sink, count)
            taken(slow, count)
            running.started.stop()
        assert logs(sink) == logs(slow) == expected(range(count))


def test_two_outputs_on_standard_output_do_not_get_into_each_other_s_lines(tmp_path: Path) -> None:
    count = 2000
    (tmp_path / "a.log").write_text(("x" * 3000 + "\n") * count)
    configuration = tmp_path / "agent.yaml"
    configuration.write_text(
        "pipeline: {inputs: [{"
        f"name: tail, path: {tmp_path}/a.log, read_from_head: true, exit_on_eof: true"
        "}], outputs: [{name: stdout, match: '*', format: json_lines},"
        " {name: stdout, match: '*', format: json_lines}]}"
    )
    ran = subprocess.run(
        [*COMMAND, f"--config.file={configuration}", "--web.listen-address=127.0.0.1:0"],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    lines = ran.stdout.splitlines()
    assert len(lines) == 2 * count
    assert {json.loads(line)["log"] for line in lines} == {"x" * 3000}
