"""The last look at every file after SIGTERM: a writer that ends together with the agent."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pillion.log import Logger
from pillion_log_agent.configuration.load import load
from pillion_log_agent.configuration.section import Problems
from pillion_log_agent.pipeline.build import PipelineContext, build_pipeline
from pillion_log_agent.pipeline.deadletter import DeadLetters
from pillion_log_agent.pipeline.files import look_last
from pillion_log_agent.pipeline.ledger import Ledger
from tests.sidecars.log_agent.running import agent
from tests.sidecars.log_agent.waiting import eventually

CONFIGURATION = """
service:
  flush: 0.05
pipeline:
  inputs:
    - name: tail
      path: {folder}/*.log
      read_from_head: true
      db: {folder}/positions.db
  outputs:
    - name: file
      match: '*'
      format: template
      template: '{{log}}'
      path: {folder}
      file: output
"""
RUNS, AT_ONCE = 100, 20
LAST_LINES = 5
# Much longer than the writer takes between two lines, on a busy machine too.
QUIET = 0.5


def configured(folder: Path) -> Path:
    path = folder / "agent.yaml"
    path.write_text(CONFIGURATION.format(folder=folder))
    return path


async def end_together(folder: Path) -> list[str]:
    """Run a pipeline that is ended while a writer writes its last lines; return what came out."""
    folder.mkdir()
    log, ledger, problems = Logger(level="error"), Ledger(), Problems()
    letters = DeadLetters(None, 0, log, time.time_ns)
    around = PipelineContext(log, ledger, letters, time.time_ns, {}, None, 1 << 20)
    pipeline = build_pipeline(load(str(configured(folder)), {}, problems), around, problems)
    assert pipeline is not None, problems.sentences
    path = folder / "a.log"
    path.write_text("before\n")
    await pipeline.start()

    async def write_last() -> None:
        for number in range(LAST_LINES):
            await asyncio.sleep(random.uniform(0, 0.01))
            # The last one may be in a file of its own, and without the end of its line.
            where = folder / "late.log" if number == LAST_LINES - 1 else path
            with where.open("a") as file:
                file.write(f"last {number}" + ("" if where != path else "\n"))

    writer = asyncio.ensure_future(write_last())
    await look_last(pipeline, ledger, QUIET, within=20)
    await writer
    await pipeline.drain(is_last=True)
    await pipeline.close()
    return (folder / "output").read_text().splitlines()


async def test_no_line_is_missing_of_a_writer_that_ends_at_the_same_time(tmp_path: Path) -> None:
    expected = sorted(["before", *(f"last {number}" for number in range(LAST_LINES))])
    for batch in range(RUNS // AT_ONCE):
        found = await asyncio.gather(
            *(end_together(tmp_path / f"{batch}-{number}") for number in range(AT_ONCE))
        )
        assert [sorted(lines) for lines in found] == [expected] * AT_ONCE


@pytest.mark.parametrize("turn", range(3))
def test_the_process_reads_what_is_written_after_its_sigterm(tmp_path: Path, turn: int) -> None:
    path = tmp_path / "a.log"
    script = f"""
        trap 'for i in 1 2 3; do echo "last $i" >> {path}; sleep 0.1; done; exit 0' TERM
        echo first >> {path}; while :; do sleep 0.02; done
    """
    output = tmp_path / "output"
    with (
        subprocess.Popen(["/bin/sh", "-c", script]) as writer,
        agent(configured(tmp_path), "--drain.quiet=1s") as running,
    ):
        eventually(output.exists, bool)
        for process in (writer, running.process):
            os.kill(process.pid, signal.SIGTERM)
        assert running.started.wait() == 0
    assert output.read_text().splitlines() == ["first", "last 1", "last 2", "last 3"]


def test_a_file_that_is_never_quiet_takes_half_of_the_time_to_drain(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    script = f"while :; do echo line >> {path}; done"
    with subprocess.Popen(["/bin/sh", "-c", script]) as writer:
        try:
            flags = ("--drain.quiet=1s", "--drain.timeout=6s")
            with agent(configured(tmp_path), *flags) as running:
                eventually((tmp_path / "output").exists, bool)
                asked = time.monotonic()
                assert running.started.stop() == 0
                took = time.monotonic() - asked
                log = running.started.log
        finally:
            writer.kill()
    assert "no output has taken" not in log
    assert 2.5 < took < 6
