"""Compressed files below a glob: their lines are delivered, each once, over a crash."""

from __future__ import annotations

import gzip
import random
from typing import TYPE_CHECKING

from tests.servers.bulk_sink import bulk_sink
from tests.sidecars.log_agent.running import agent, summary
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

LINES = 8_000
CONFIGURATION = """
service: {{flush: 0.05, scheduler.base: 0.05, scheduler.cap: 0.2}}
pipeline:
  inputs:
    - name: tail
      path: {folder}/logs/*
      read_from_head: {head}
      refresh_interval: 1
      partial_flush: 0.2
      mem_buf_limit: 256k
      db: {folder}/positions.db
  outputs:
    - {{match: '*', host: 127.0.0.1, port: {port}, name: {output}}}
"""


def lines(name: str, count: int = LINES) -> list[str]:
    chance = random.Random(name)
    return [f"{name} {number} {chance.randbytes(24).hex()}" for number in range(count)]


def write(folder: Path, name: str, found: list[str]) -> None:
    (folder / "new").write_bytes(gzip.compress("".join(f"{each}\n" for each in found).encode()))
    (folder / "new").rename(folder / "logs" / name)


def configured(folder: Path, **given: object) -> Path:
    (folder / "logs").mkdir(exist_ok=True)
    path = folder / "agent.yaml"
    values = {"head": "on", "output": "stdout, format: json_lines", "port": 1}
    path.write_text(CONFIGURATION.format(**{**values, **given}, folder=folder))
    return path


def test_a_crash_in_the_middle_loses_nothing_and_repeats_no_document(tmp_path: Path) -> None:
    with bulk_sink() as sink:
        path = configured(tmp_path, output="es, index: logs", port=sink.port)
        expected = lines("a") + lines("b")
        write(tmp_path, "a.log.gz", lines("a"))
        with agent(path) as running:
            eventually(sink.counts, lambda counts: counts["taken"] > 0)
            running.kill()
        write(tmp_path, "b.GZ", lines("b"))
        with agent(path) as running:
            found = eventually(sink.documents, lambda each: len(each) >= len(expected), 60)
    assert sorted(each["_source"]["log"] for each in found) == sorted(expected)


def test_what_is_there_is_passed_over_without_read_from_head(tmp_path: Path) -> None:
    path = configured(tmp_path, head="off")
    write(tmp_path, "old.gz", lines("old", 3))
    kept = tmp_path / "positions.db.pillion"
    with agent(path) as running:
        eventually(lambda: [each.name for each in kept.glob("*")], lambda names: len(names) > 1)
        write(tmp_path, "new.gz", lines("new", 3))
        found = eventually(running.whole_lines, lambda each: len(each) >= 3)
        assert [each["log"] for each in found] == lines("new", 3)
        with (tmp_path / "logs" / "old.gz").open("ab") as file:
            file.write(gzip.compress(b"added\n"))
        found = eventually(running.whole_lines, lambda each: len(each) >= 4)
    assert found[3]["log"] == "added"


def test_a_file_that_is_no_gzip_is_counted_and_does_not_stop_the_others(tmp_path: Path) -> None:
    path = configured(tmp_path)
    (tmp_path / "logs" / "a.gz").write_text("plain\ntext\n")
    write(tmp_path, "b.gz", lines("b", 2))
    with agent(path) as running:
        found = eventually(running.whole_lines, lambda each: len(each) >= 2)
        assert running.records("dropped", "not_gzip") == 1
        running.process.terminate()
        running.started.wait()
        log = running.started.log
    assert [each["log"] for each in found] == lines("b", 2)
    assert "a file cannot be decompressed" in log
    assert summary(log)["in_flight"] == 0
