"""Nothing is lost and the ledger is even, whatever the sink, the files and the process do."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.servers.bulk_sink import Sink, bulk_sink
from tests.sidecars.log_agent.running import COMMAND, Agent, agent, balances, docker_line, summary
from tests.sidecars.log_agent.waiting import eventually

CONFIGURATION = """
service:
  flush: 0.05
  scheduler.base: 0.05
  scheduler.cap: 0.2
pipeline:
  inputs:
    - name: tail
      path: {logs}/*.log
      parser: docker
      read_from_head: true
      refresh_interval: 1
      db: {folder}/positions.db
  outputs:
    - name: {output}
      match: '*'
      host: 127.0.0.1
      port: {port}
      index: logs
{more}
"""


def configured(folder: Path, sink: Sink, *, output: str = "es", more: str = "") -> Path:
    (folder / "logs").mkdir(exist_ok=True)
    path = folder / "agent.yaml"
    path.write_text(
        CONFIGURATION.format(
            folder=folder, logs=folder / "logs", port=sink.port, output=output, more=more
        )
    )
    return path


def write(path: Path, numbers: range) -> None:
    with path.open("a") as file:
        file.writelines(docker_line(f"line {number}", number) for number in numbers)


def logs(sink: Sink) -> list[str]:
    return sorted(each["_source"]["log"] for each in sink.documents())


def expected(numbers: range) -> list[str]:
    return sorted(f"line {number}\n" for number in numbers)


def taken(sink: Sink, count: int, within: float = 30.0) -> None:
    eventually(lambda: sink.counts()["taken"], lambda found: found >= count, within)


def test_each_record_becomes_a_document_with_an_id_of_its_place(tmp_path: Path) -> None:
    with bulk_sink() as sink, agent(configured(tmp_path, sink)) as running:
        write(tmp_path / "logs" / "a.log", range(3))
        taken(sink, 3)
        running.started.stop()
        documents = sink.documents()
    ids = [each["_id"] for each in documents]
    length = len(docker_line("line 0", 0))
    assert [identity.rpartition("-")[2] for identity in ids] == [
        "0",
        f"{length}",
        f"{2 * length}",
    ]
    assert len({identity.rpartition("-")[0] for identity in ids}) == 1
    assert documents[1]["_source"]["@timestamp"] == "2026-11-21T10:00:01.001Z"


def test_a_sink_that_is_out_of_order_gets_every_record_once_it_is_not(tmp_path: Path) -> None:
    with bulk_sink() as sink, agent(configured(tmp_path, sink)) as running:
        sink.fail(
            {"kind": "status", "status": 429, "retry_after": 1},
            {"kind": "status", "status": 503},
            {"kind": "items", "status": 429, "every": 3},
            {"kind": "reset", "after": 20},
            {"kind": "lose"},
            {"kind": "items", "status": 503, "every": 1},
        )
        write(tmp_path / "logs" / "a.log", range(1000))
        eventually(lambda: running.records("delivered"), lambda found: found == 1000)
        running.started.stop()
        assert logs(sink) == expected(range(1000))
    figures = summary(running.started.log)
    assert balances(figures)
    assert figures["rejected"] == figures["in_flight"] == 0


def test_a_record_that_is_refused_goes_to_the_dead_letter_file_and_its_batch_does_not(
    tmp_path: Path,
) -> None:
    letters = tmp_path / "letters.jsonl"
    flag = f"--dead-letter.file={letters}"
    configuration_more = "  filters:\n    - {name: parser, match: '*', key_name: log, parser: json, reserve_data: true}\n"
    with (
        bulk_sink() as sink,
        agent(configured(tmp_path, sink, more=configuration_more), flag) as running,
    ):
        log = tmp_path / "logs" / "a.log"
        bad = json.dumps({"refuse_me": 1, "password": "hunter2"})
        with log.open("a") as file:
            file.write(docker_line("good") + docker_line(bad) + docker_line("better"))
        taken(sink, 2)
        eventually(letters.exists, bool)
        running.started.stop()
    (letter,) = [json.loads(line) for line in letters.read_text().splitlines()]
    assert letter["reason"] == "mapper_parsing_exception"
    assert "it is what it is" in letter["detail"]
    assert letter["source"] == str(log)
    assert letter["offset"] == len(docker_line("good"))
    assert letter["record"]["refuse_me"] == 1
    assert letter["record"]["password"] == "[redacted]"
    assert "hunter2" not in running.started.log
    assert summary(running.started.log)["rejected"] == 1
    assert balances(summary(running.started.log))


def test_a_dead_letter_file_can_be_replayed(tmp_path: Path) -> None:
    letters = tmp_path / "letters.jsonl"
    with bulk_sink() as sink:
        configuration = configured(tmp_path, sink)
        text = configuration.read_text()
        configuration.write_text(
            text.replace(f"port: {sink.port}", "port: 1\n      retry_limit: 0")
        )
        with agent(configuration, f"--dead-letter.file={letters}") as running:
            write(tmp_path / "logs" / "a.log", range(3))
            eventually(
                lambda: letters.exists() and len(letters.read_text().splitlines()),
                lambda count: count == 3,
            )
            running.started.stop()
        configuration.write_text(text)
        command = [*COMMAND, "replay", str(letters), "-c", str(configuration)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == 0, ran.stderr
        assert logs(sink) == expected(range(3))
        assert len({each["_id"] for each in sink.documents()}) == 3


def test_what_was_not_acknowledged_before_a_kill_comes_again_under_the_same_ids(
    tmp_path: Path,
) -> None:
    count = 3000
    with bulk_sink() as sink:
        configuration = configured(tmp_path, sink)
        log = tmp_path / "logs" / "a.log"
        write(log, range(count))
        sink.fail({"kind": "hang"})
        with agent(configuration) as running:
            taken(sink, 1)
            running.kill()
        with agent(configuration) as running:
            eventually(lambda: len(sink.documents()), lambda found: found >= count)
            eventually(lambda: running.records("delivered"), lambda found: found >= count)
            running.started.stop()
        assert logs(sink) == expected(range(count))
        assert sink.counts()["conflicts"] > 0, "the same ids were sent again"


def test_a_restart_goes_on_where_the_acknowledgements_ended(tmp_path: Path) -> None:
    with bulk_sink() as sink:
        configuration = configured(tmp_path, sink)
        write(tmp_path / "logs" / "a.log", range(10))
        with agent(configuration) as running:
            taken(sink, 10)
            assert running.started.stop() == 0
        write(tmp_path / "logs" / "a.log", range(10, 20))
        with agent(configuration) as running:
            taken(sink, 20)
            running.started.stop()
        assert summary(running.started.log)["read"] == 10
        assert sink.counts()["conflicts"] == 0
        assert logs(sink) == expected(range(20))


def test_files_that_rotate_under_a_writer_are_read_to_their_ends(tmp_path: Path) -> None:
    with bulk_sink() as sink, agent(configured(tmp_path, sink)) as running:
        log = tmp_path / "logs" / "a.log"
        for turn in range(5):
            write(log, range(turn * 200, turn * 200 + 100))
            # It is found by now; what follows is read from wherever it is renamed to.
            taken(sink, turn * 200 + 1)
            write(log, range(turn * 200 + 100, (turn + 1) * 200))
            log.rename(tmp_path / "logs" / f"a.{turn}")
        taken(sink, 1000)
        running.started.stop()
        assert logs(sink) == expected(range(1000))


@pytest.mark.parametrize("keeps", ["on disk", "in memory"])
def test_a_reload_loses_and_repeats_nothing(tmp_path: Path, keeps: str) -> None:
    with bulk_sink() as sink:
        configuration = configured(tmp_path, sink)
        if keeps == "in memory":
            text = configuration.read_text()
            configuration.write_text(re.sub(r" +db: .*\n", "", text))
        reload_under_a_writer(tmp_path, sink, configuration)


def reload_under_a_writer(tmp_path: Path, sink: Sink, configuration: Path) -> None:
    with agent(configuration) as running:
        log = tmp_path / "logs" / "a.log"
        stop = threading.Event()
        written = 0

        def keep_writing() -> None:
            nonlocal written
            while not stop.is_set():
                write(log, range(written, written + 50))
                written += 50
                stop.wait(0.01)

        writer = threading.Thread(target=keep_writing)
        writer.start()
        for path in ("/-/reload", "/api/v2/reload", "/-/reload"):
            taken(sink, sink.counts()["taken"] + 100)
            assert running.started.get(path, method="POST").status == 200
        stop.set()
        writer.join()
        taken(sink, written)
        running.started.stop()
        assert logs(sink) == expected(range(written))
        assert sink.counts()["conflicts"] == 0
    assert summary(running.started.log)["read"] == written


def test_a_line_that_is_being_written_during_a_reload_or_restart_stays_whole(
    tmp_path: Path,
) -> None:
    with bulk_sink() as sink:
        configuration = configured(tmp_path, sink)
        log = tmp_path / "logs" / "a.log"
        line = docker_line("in one piece")
        with agent(configuration) as running:
            write(log, range(1))
            taken(sink, 1)
            with log.open("a") as file:
                file.write(line[:20])
            assert running.started.get("/-/reload", method="POST").status == 200
            running.started.stop()
        with log.open("a") as file:
            file.write(line[20:])
        with agent(configuration) as running:
            taken(sink, 2)
            running.started.stop()
        assert logs(sink) == ["in one piece\n", "line 0\n"]


def test_a_reload_of_a_wrong_configuration_keeps_the_old_one_at_work(tmp_path: Path) -> None:
    with bulk_sink() as sink:
        configuration = configured(tmp_path, sink)
        with agent(configuration) as running:
            configuration.write_text("pipeline: {inputs: [{name: tial}]}")
            answer = running.started.get("/-/reload", method="POST")
            assert answer.status == 500
            assert "did you mean tail?" in answer.text
            write(tmp_path / "logs" / "a.log", range(5))
            taken(sink, 5)
            running.started.stop()


def test_a_configuration_that_changes_is_taken_up_by_itself_if_asked(tmp_path: Path) -> None:
    with bulk_sink() as sink:
        configuration = configured(tmp_path, sink)
        with agent(configuration, "--config.watch=100ms") as running:
            configuration.write_text(configuration.read_text().replace("index: logs", "index: new"))
            running.started.wait_for_log("it has changed")
            write(tmp_path / "logs" / "a.log", range(1))
            taken(sink, 1)
            running.started.stop()
        assert [each["_index"] for each in sink.documents()] == ["new"]


def test_one_output_that_is_down_does_not_stop_the_other(tmp_path: Path) -> None:
    with bulk_sink() as sink:
        more = (
            "    - {name: es, alias: down, match: '*', host: 127.0.0.1, port: 1, retry_limit: 2}\n"
        )
        flag = f"--dead-letter.file={tmp_path / 'letters'}"
        with agent(configured(tmp_path, sink, more=more), flag) as running:
            write(tmp_path / "logs" / "a.log", range(100))
            taken(sink, 100)
            eventually(
                lambda: running.started.scrape().labels("pillion_log_agent_records_total"),
                lambda found: {"state": "rejected", "reason": "retries"} in found,
            )
            running.started.stop()
    figures = summary(running.started.log)
    assert (figures["read"], figures["rejected"], figures["delivered"]) == (100, 100, 0)
    assert balances(figures)


def test_a_sink_that_is_down_makes_it_not_ready_and_leaves_it_healthy(tmp_path: Path) -> None:
    with bulk_sink() as sink:
        configuration = configured(tmp_path, sink)
        sink.fail(*[{"kind": "status", "status": 503}] * 1000)
        with agent(configuration, "--drain.timeout=2s") as running:
            write(tmp_path / "logs" / "a.log", range(10))
            answer = eventually(
                lambda: running.started.get("/-/ready"), lambda found: found.status == 503
            )
            assert "es.0" in answer.text
            assert running.started.get("/-/healthy").status == 200
            assert running.started.get("/api/v1/health").text == "ok\n"
            assert running.started.stop() == 0
        assert "they will be read again" in running.started.log


def resident(running: Agent) -> float:
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+)", status)
    assert found is not None
    return int(found[1]) / 1024


def test_memory_is_bounded_while_the_sink_is_down_and_a_writer_floods(tmp_path: Path) -> None:
    with bulk_sink() as sink:
        configuration = configured(tmp_path, sink)
        sink.fail(*[{"kind": "status", "status": 503}] * 1000)
        log = tmp_path / "logs" / "a.log"
        line = docker_line("x" * 300)
        with log.open("w") as file:
            for _ in range(60):
                file.write(line * 2000)
        with agent(configuration, "--drain.timeout=2s") as running:
            eventually(
                lambda: running.started.scrape().value(
                    "pillion_log_agent_output_retries_total", output="es.0"
                ),
                lambda count: count >= 5,
            )
            assert running.started.scrape().value("pillion_log_agent_records_in_flight") < 30_000
            assert resident(running) < 70
            sink.fail()
            taken(sink, 120_000, within=60)
            assert resident(running) < 80
            running.started.stop()
    figures: dict[str, Any] = summary(running.started.log)
    assert figures["delivered"] == 120_000
