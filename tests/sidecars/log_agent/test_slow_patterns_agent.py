"""The whole agent before lines that are made to stop it: it answers, goes on, and ends when told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.sidecars.log_agent.hostile import KNOWN_BAD, grown
from tests.sidecars.log_agent.running import COMMAND, agent, balances, summary
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

LAST = "the last line"
ANSWER_SECONDS = 0.25
PARSERS = r"""
[PARSER]
    Name   re2
    Format regex
    Regex  ^(?<x>(a+)+)$
[PARSER]
    Name   bounded
    Format regex
    Regex  (?<q>['"])(?<text>(\w+\s?)+)\k<q>$
[MULTILINE_PARSER]
    Name   slow
    Type   regex
    Rule   "start_state" "/^(?=(\w+\s?)*$)start/" "cont"
    Rule   "cont"        "/^(\s+\S*)*x$/"         "cont"
"""
FILTERS = {
    "grep": "[FILTER]\n    name grep\n    match *\n    exclude log ^(?=(\\w+\\s?)*$)x",
    "modify": "[FILTER]\n    name modify\n    match *\n"
    "    condition key_value_matches log (.*)(.*)(.*)\\1z\n    set seen yes",
    "a parser": "[FILTER]\n    name parser\n    match *\n    key_name log\n    parser bounded",
}


def configuration(folder: Path, *, of_input: str = "", filters: str = "") -> Path:
    (folder / "parsers.conf").write_text(PARSERS)
    path = folder / "agent.conf"
    path.write_text(
        f"[SERVICE]\n    flush 0.1\n    parsers_file parsers.conf\n"
        f"[INPUT]\n    name tail\n    path {folder}/app.log\n    tag app\n"
        f"    read_from_head on\n    refresh_interval 1\n{of_input}\n{filters}\n"
        "[OUTPUT]\n    name stdout\n    match *\n    format json_lines\n"
    )
    return path


def hostile_lines() -> str:
    lines = [grown("", "word ", "!", 60) for _ in range(400)]
    lines += ["'" + grown("", "word ", "!", 60) for _ in range(400)]
    lines += [
        grown(beginning, repeated, end, 200_000).replace("\n", " ")
        for _, beginning, repeated, end in KNOWN_BAD[:30]
    ]
    return "\n".join([*lines, LAST]) + "\n"


CASES = {
    "a parser in RE2": ("    parser re2", ""),
    "a parser in a process": ("    parser bounded", ""),
    "a multiline parser": ("    multiline.parser slow", ""),
    "grep": ("", FILTERS["grep"]),
    "modify": ("", FILTERS["modify"]),
    "the filter parser": ("", FILTERS["a parser"]),
}


@pytest.mark.parametrize("case", CASES)
def test_hostile_lines_stop_nothing(tmp_path: Path, case: str) -> None:
    of_input, filters = CASES[case]
    (tmp_path / "app.log").write_text(hostile_lines())
    path = configuration(tmp_path, of_input=of_input, filters=filters)
    with agent(path) as running:
        waits = []
        deadline = time.monotonic() + 60
        while LAST not in running.output.read_text() and time.monotonic() < deadline:
            began = time.monotonic()
            running.started.get("/-/healthy")
            waits.append(time.monotonic() - began)
        assert LAST in running.output.read_text()
        # Mostly at once and never for long, as far as this machine has time for us.
        waits.sort()
        crowd = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        assert waits[len(waits) // 2] < ANSWER_SECONDS * crowd
        assert waits[-1] < 4 * ANSWER_SECONDS * crowd
    assert balances(summary(running.started.log))


def test_a_line_that_is_given_up_is_counted_said_once_and_goes_on_as_it_is(tmp_path: Path) -> None:
    hard = "'" + "word " * 20 + "!"
    (tmp_path / "app.log").write_text(f"{hard}\n{LAST}\n")
    with agent(configuration(tmp_path, of_input="    parser bounded")) as running:
        running.started.wait_for_log("lines took a pattern too long")
        lines = eventually(running.lines, lambda found: len(found) == 2)
        assert lines[0]["log"] == hard
        name = f"{tmp_path}/parsers.conf:9: [PARSER] bounded: Regex"
        scrape = running.started.scrape()
        assert scrape.value("pillion_log_agent_pattern_timeouts_total", pattern=name) >= 1
    assert running.started.log.count("lines took a pattern too long") == 1


def test_a_term_signal_is_obeyed_among_hostile_lines(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text(hostile_lines() * 20)
    with agent(configuration(tmp_path, of_input="    parser bounded")) as running:
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(20) == 0
    assert balances(summary(running.started.log))


def test_the_check_of_a_configuration_warns_of_a_slow_pattern_and_says_why(tmp_path: Path) -> None:
    path = configuration(tmp_path, of_input="    parser re2", filters=FILTERS["grep"])
    ran = subprocess.run(
        [*COMMAND, "-c", str(path), "--config.check", "--log.format=json"],
        capture_output=True,
        text=True,
        check=True,
    )
    said = [json.loads(line) for line in ran.stderr.splitlines() if line.startswith("{")]
    warnings = [each["what"] for each in said if "what" in each]
    assert len(warnings) == 5
    (re2,) = [each for each in warnings if "[PARSER] re2" in each]
    assert re2.startswith(f"{tmp_path}/parsers.conf:5: [PARSER] re2: Regex: the pattern is slow")
    assert "ever more ways to read a text such as 'aaa" in re2
    assert "RE2 runs it" in re2
    (grep,) = [each for each in warnings if "[FILTER] grep" in each]
    assert "a line that takes it longer than 100 ms goes on as if it did not match" in grep


def test_a_plain_configuration_has_no_warnings_of_patterns(tmp_path: Path) -> None:
    path = tmp_path / "agent.conf"
    path.write_text(
        f"[INPUT]\n    name tail\n    path {tmp_path}/app.log\n    parser nginx\n"
        "    multiline.parser java, go, python, ruby\n"
        "[FILTER]\n    name grep\n    match *\n    exclude log error.*timeout\n"
        "[OUTPUT]\n    name null\n    match *\n"
    )
    ran = subprocess.run(
        [*COMMAND, "-c", str(path), "--config.check"], capture_output=True, text=True, check=False
    )
    assert "slow" not in ran.stderr
