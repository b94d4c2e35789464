"""The inputs stdin and dummy as processes."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from tests.sidecars.log_agent.running import Agent, agent, balances, summary
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = """
service: {{flush: 0.05}}
pipeline:
  inputs:
    - {input}
  outputs:
    - {{name: stdout, match: '*', format: json_lines}}
"""


def configured(folder: Path, given: str) -> Path:
    path = folder / "agent.yaml"
    path.write_text(CONFIGURATION.format(input=given))
    return path


def pipe(running: Agent) -> IO[str]:
    assert running.process.stdin is not None
    return running.process.stdin


def say(running: Agent, text: str) -> None:
    pipe(running).write(text)
    pipe(running).flush()


def texts(running: Agent) -> list[str]:
    return [line["log"] for line in running.lines()]


def test_stdin_is_read_to_its_end_which_ends_the_process(tmp_path: Path) -> None:
    with agent(configured(tmp_path, "{name: stdin}"), has_input=True) as running:
        say(running, '{"a": 1}\nno JSON\n\x00\n{"a": ' + "[" * 10_000 + "\nand no newline")
        pipe(running).close()
        assert running.started.wait() == 0
    lines = running.lines()
    assert lines[0]["a"] == 1
    assert [line["log"][:14] for line in lines[1:]] == [
        "no JSON",
        "\x00",
        '{"a": [[[[[[[[',
        "and no newline",
    ]
    figures = summary(running.started.log)
    assert balances(figures)
    assert figures["read"] == figures["delivered"] == 5


def test_what_stdin_has_of_a_line_is_delivered_when_it_is_told_to_stop(tmp_path: Path) -> None:
    with agent(configured(tmp_path, "{name: stdin}"), has_input=True) as running:
        say(running, "one\nand the beginning")
        eventually(lambda: texts(running), lambda found: found == ["one"])
        assert running.started.stop() == 0
    assert texts(running) == ["one", "and the beginning"]


def test_a_line_on_stdin_that_meets_a_reload_stays_whole(tmp_path: Path) -> None:
    with agent(configured(tmp_path, "{name: stdin}"), has_input=True) as running:
        say(running, "one\ntw")
        eventually(lambda: texts(running), lambda found: found == ["one"])
        assert running.started.get("/-/reload", method="POST").status == 200
        say(running, "o\nthree\n")
        eventually(lambda: texts(running), lambda found: found == ["one", "two", "three"])
        pipe(running).close()
        assert running.started.wait() == 0
    assert summary(running.started.log)["delivered"] == 3


def test_dummy_makes_as_many_records_as_it_is_asked_for_and_the_process_goes_on(
    tmp_path: Path,
) -> None:
    given = """{name: dummy, dummy: '{"n": [1, {"m": "x"}]}', rate: 100, copies: 2, samples: 5}"""
    with agent(configured(tmp_path, given)) as running:
        found = eventually(running.lines, lambda lines: len(lines) >= 5)
        assert [line["n"] for line in found] == [[1, {"m": "x"}]] * 5
        assert running.started.get("/-/healthy").status == 200
    figures = summary(running.started.log)
    assert (figures["read"], figures["delivered"]) == (5, 5)


def test_a_checkpoint_that_is_another_process_s_ends_it_with_the_reason(tmp_path: Path) -> None:
    given = f"{{name: tail, path: {tmp_path}/a.log, db: {tmp_path}/positions}}"
    configuration = configured(tmp_path, given)
    with agent(configuration), agent(configuration) as second:
        assert second.started.wait() == 1
    assert "is in use by another process" in second.started.log
