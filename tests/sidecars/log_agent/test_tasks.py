"""No task dies unseen: each is killed once, and the process says so and ends with a fault."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pillion.testing import Started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIGURATION = """
service: {{flush: 0.05}}
multiline_parsers:
  - name: dated
    type: regex
    flush_timeout: 200
    rules: [{{state: start_state, regex: '/^20/', next_state: cont}}, {{state: cont, regex: '/^ /', next_state: cont}}]
pipeline:
  inputs:
    - {{name: tail, path: {folder}/a.log, db: {folder}/db, read_from_head: true{input}}}
{more}
  filters:
{filters}
  outputs:
    - {{name: stdout, match: '*', format: json_lines}}
"""
PROGRAM = """
import sys
from importlib import import_module

def boom(*_arguments, **_named):
    raise ZeroDivisionError("it was told to")

async def aboom(*_arguments, **_named):
    boom()

module, name, attribute = {place!r}
setattr(getattr(import_module(module), name), attribute, {fault})
from pillion_log_agent.command import main
sys.exit(main())
"""
TAIL = "pillion_log_agent.inputs.tail"
TASKS = {
    "the reading of an input": (TAIL, "TailInput", "_take", "boom"),
    "the giving up of late lines": (TAIL, "TailInput", "_give_up", "boom"),
    "the reading of standard input": (
        "pillion_log_agent.inputs.stdin", "StdinInput", "_hand_over", "boom",
    ),
    "the worker of an output": (
        "pillion_log_agent.pipeline.dispatch", "Dispatcher", "_settle", "aboom",
    ),
    "the giving up of a filter": (
        "pillion_log_agent.filters.multiline", "MultilineFilter", "give_up", "boom",
    ),
    "the beat": ("pillion_log_agent.service", "Agent", "_reload_if_changed", "aboom"),
}  # fmt: skip


def configured(folder: Path) -> Path:
    """Write a configuration in which each of the tasks has work."""
    (folder / "a.log").write_text("2026 a\n a1\n2026 b\n b1\n")
    path = folder / "agent.yaml"
    path.write_text(
        CONFIGURATION.format(
            folder=folder,
            input=", multiline.parser: dated",
            more="    - {name: stdin}",
            filters="    - {name: multiline, match: 'tail*', multiline.parser: java, flush_ms: 100}",
        )
    )
    return path


@pytest.mark.parametrize("task", TASKS)
def test_a_task_that_dies_ends_the_process_with_a_fault_that_it_names(
    tmp_path: Path, task: str
) -> None:
    *place, fault = TASKS[task]
    program = PROGRAM.format(place=tuple(place), fault=fault)
    flags = [
        "-c",
        str(configured(tmp_path)),
        "--web.listen-address=127.0.0.1:0",
        "--drain.timeout=2s",
    ]
    with subprocess.Popen(
        [sys.executable, "-c", program, *flags],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        process.stdin.write('{"log":"a line"}\n')
        process.stdin.flush()
        try:
            # Standard input stays open: nothing ends by itself.
            status = process.wait(30)
            assert process.stderr is not None
            log = process.stderr.read()
        finally:
            process.kill()
    assert status == 1, log
    assert "a part of the pipeline has failed" in log
    assert "it was told to" in log
    assert "never retrieved" not in log
    assert log.count("msg=records ") == 1, "what became of the records is said all the same"


RELOADING = """
import sys
from pillion_log_agent.pipeline.pipeline import Pipeline
from pillion_log_agent.service import Agent

real, calls = {place}, []

def boom_again(*arguments, **named):
    calls.append(1)
    if len(calls) > 1:
        raise ZeroDivisionError("it was told to")
    return real(*arguments, **named)

{place} = boom_again
from pillion_log_agent.command import main
sys.exit(main())
"""


@contextmanager
def reloading(folder: Path, place: str) -> Iterator[Started]:
    """Run the agent, in which a function fails at its second call, and tell it to reload."""
    program = [sys.executable, "-c", RELOADING.format(place=place)]
    with subprocess.Popen(
        [*program, "-c", str(configured(folder)), "--web.listen-address=127.0.0.1:0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            running = Started(process, 30.0)
            running.wait_for_log("msg=started")
            running.signal(signal.SIGHUP)
            yield running
            running.wait()
        finally:
            process.kill()


def test_a_reload_that_dies_before_the_old_pipeline_ends_is_said_and_changes_nothing(
    tmp_path: Path,
) -> None:
    with reloading(tmp_path, "Agent._construct") as running:
        running.wait_for_log("the reload failed")
        assert running.get("/-/healthy").status == 200
        assert running.stop() == 0
    assert "it was told to" in running.log
    assert "boom_again" in running.log, "it says where"
    assert "never retrieved" not in running.log


def test_a_reload_that_dies_after_the_old_pipeline_has_ended_ends_the_process_with_a_fault(
    tmp_path: Path,
) -> None:
    with reloading(tmp_path, "Pipeline.start") as running:
        assert running.wait() == 1
    assert "a part of the pipeline has failed" in running.log
    assert "it was told to" in running.log
    assert "never retrieved" not in running.log


def test_a_worker_that_dies_ends_a_replay(tmp_path: Path) -> None:
    letters = tmp_path / "letters"
    letters.write_text(
        '{"output":"stdout.0","tag":"t","source":"s","identity":"i","time":"2026-01-01T00:00:00Z",'
        '"offset":0,"record":{"n":1}}\n'
    )
    place = ("pillion_log_agent.pipeline.dispatch", "Dispatcher", "_settle")
    program = PROGRAM.format(place=place, fault="aboom")
    command = [
        sys.executable,
        "-c",
        program,
        "replay",
        str(letters),
        "-c",
        str(configured(tmp_path)),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == 1
    assert "it was told to" in ran.stderr
