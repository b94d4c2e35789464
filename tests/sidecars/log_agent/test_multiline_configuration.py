"""Multiline parsers in both forms of the configuration, or every error with its place."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from pillion.log import Logger
from pillion.metrics.exposition import text
from pillion.tail import Checkpoint, Tailer, TailOptions
from pillion.testing import Scrape
from pillion_log_agent.configuration.load import load
from pillion_log_agent.configuration.section import Problems
from pillion_log_agent.inputs.tail_metrics import tail_metrics
from pillion_log_agent.pipeline.build import PipelineContext, build_pipeline
from pillion_log_agent.pipeline.deadletter import DeadLetters
from pillion_log_agent.pipeline.ledger import Ledger
from pillion_log_agent.show import as_yaml, explained
from tests.sidecars.log_agent.running import agent
from tests.sidecars.log_agent.waiting import eventually

PAGE = Path(__file__).parents[3] / "docs" / "log-agent.md"
MIB = 1024 * 1024
CLASSIC = r"""
[MULTILINE_PARSER]
    Name          mine
    Type          regex
    Flush_Timeout 1500
    Rule          "start_state, other"  "/^"quoted" \d+/"  "cont"
    Rule          "cont"   "/^\s+at.*/"  "cont"
[INPUT]
    Name              tail
    Path              /tmp/no.log
    multiline.parser  cri, Mine
[FILTER]
    Name              multiline
    Match             *
    multiline.parser  go
[OUTPUT]
    Name              null
    Match             *
"""


def wrong(path: Path) -> list[str]:
    """Return what is wrong with a configuration of which a pipeline is built."""
    problems = Problems()
    configuration = load(str(path), {}, problems)
    around = PipelineContext(
        Logger(),
        Ledger(),
        DeadLetters(None, MIB, Logger(), time.time_ns),
        wall_ns=time.time_ns,
        environment={},
        state=None,
        in_flight_bytes=MIB,
    )
    build_pipeline(configuration, around, problems)
    return [line.replace(f"{path.parent}/", "") for line in problems.sentences]


def written(folder: Path, text: str, name: str = "a.conf") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_both_forms_are_the_same_configuration(tmp_path: Path) -> None:
    classic = written(tmp_path, CLASSIC)
    structured = written(tmp_path, as_yaml(load(str(classic), {}, Problems()).sections), "a.yaml")
    assert "next_state: cont" in structured.read_text()
    parsers = []
    for path in (classic, structured):
        assert wrong(path) == []
        (plugin,) = load(str(path), {}, Problems()).multiline_parsers.values()
        rules = [(rule.states, rule.source, rule.next) for rule in plugin.properties.rule]
        parsers.append((plugin.name, plugin.properties.flush_timeout, rules))
    assert parsers[0] == parsers[1]
    assert parsers[0][1:] == (
        1.5,
        [(("start_state", "other"), '/^"quoted" \\d+/', "cont"), (("cont",), r"/^\s+at.*/", "cont")],
    )  # fmt: skip


def test_the_drawing_shows_who_joins_and_by_which_rules(tmp_path: Path) -> None:
    assert explained(load(str(written(tmp_path, CLASSIC)), {}, Problems()), None) == (
        "[input] tail  tag tail.0  multiline.parser cri, Mine\n"
        "  |\n"
        "  v  [filter] multiline  match *  multiline.parser go\n"
        "  |\n"
        "  `-> [output] null  match *\n"
        "\n"
        "[multiline_parser] mine  flush_timeout 1.5s\n"
        '    start_state, other  /^"quoted" \\d+/  -> cont\n'
        "    cont  /^\\s+at.*/  -> cont\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            '"/^"quoted" \\d+/"',
            '"/^(/"',
            'a.conf:6: [MULTILINE_PARSER]: Rule: \'"start_state, other"  "/^(/"  "cont"\' is no '
            "pattern: missing ), unterminated subpattern at position 1",
        ),
        (
            "start_state, other",
            "other",
            "a.conf:2: [MULTILINE_PARSER] mine: rule: none has the state start_state, so no record "
            'would begin; write rule "start_state" "/pattern of a first line/" "cont"',
        ),
        (
            "cri, Mine",
            "cri, main",
            "a.conf:8: [INPUT] tail: multiline.parser: there is no multiline parser 'main'; did you "
            "mean mine? (known: cri, docker, go, java, json, mine, python, ruby)",
        ),
        (
            "[INPUT]",
            "[MULTILINE_PARSER]\n    name MINE\n    type equal\n    match_string x\n[INPUT]",
            "a.conf:8: [MULTILINE_PARSER] MINE: there is another of that name at a.conf:2",
        ),
        (
            "Flush_Timeout 1500",
            "parser jsn\n    key_content log",
            "a.conf:2: [MULTILINE_PARSER] mine: there is no parser 'jsn'; did you mean json?",
        ),
        (
            "cri, Mine",
            "cri, Mine\n    multiline on",
            "a.conf:8: [INPUT] tail: multiline: cannot be on beside multiline.parser; take one of them",
        ),
        (
            "multiline.parser  cri, Mine",
            "multiline on",
            "a.conf:8: [INPUT] tail: parser_firstline: is missing; multiline on needs it",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    assert old in CLASSIC
    found = wrong(written(tmp_path, CLASSIC.replace(old, new)))
    assert any(line.startswith(sentence) for line in found), found


def test_a_parser_that_is_there_twice_and_the_same_is_one(tmp_path: Path) -> None:
    section = CLASSIC.partition("[INPUT]")[0]
    assert wrong(written(tmp_path, section + CLASSIC)) == []


def test_a_parser_of_one_s_own_comes_before_the_built_in_one_of_its_name(tmp_path: Path) -> None:
    text = CLASSIC.replace("Name          mine", "Name          java").replace("Mine", "java")
    path = written(tmp_path, text)
    assert wrong(path) == []
    configuration = load(str(path), {}, Problems())
    assert "quoted" in configuration.multiline_parsers["java"].properties.rule[0].source


def section_of_the_page() -> str:
    return PAGE.read_text().partition("## Records of several lines")[2].partition("\n## ")[0]


EXAMPLES = re.findall(r"```(yaml|ini)\n(.*?)```", section_of_the_page(), re.DOTALL)
DATED = "2026-11-21 ERROR failed\n\tat a.B.c(B.java:1)\n2026-11-21 INFO on\n"
CRI = (
    "2026-11-21T10:00:00Z stderr F panic: x\n2026-11-21T10:00:00Z stderr F \n"
    "2026-11-21T10:00:00Z stdout F out\n2026-11-21T10:00:00Z stderr F goroutine 1 [running]:\n"
    "2026-11-21T10:00:00Z stderr F err\n"
)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_examples_of_the_page_do_what_it_says(tmp_path: Path, number: int) -> None:
    form, text = EXAMPLES[number]
    is_dated = "dated" in text
    for folder in ("shop", "containers"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.log").write_text(DATED if is_dated else CRI)
    path = written(
        tmp_path, text.replace("/var/log", str(tmp_path)), f"a.{'conf' if form == 'ini' else form}"
    )
    with agent(path) as running:
        records: list[dict[str, Any]] = eventually(
            running.lines, lambda found: len(found) == (2 if is_dated else 3)
        )
        running.started.stop()
    texts = [record["log"] for record in records]
    if is_dated:
        assert texts == ["2026-11-21 ERROR failed\n\tat a.B.c(B.java:1)\n", "2026-11-21 INFO on\n"]
    else:
        assert sorted(texts) == ["err", "out", "panic: x\n\ngoroutine 1 [running]:"]


def test_every_metric_of_a_tail_is_on_the_page(tmp_path: Path) -> None:
    tailer = Tailer(
        [f"{tmp_path}/a.log"],
        checkpoint=Checkpoint(tmp_path / "state"),
        options=TailOptions(count_lines=False),
    )
    scrape = Scrape.parse(text(tail_metrics("tail.0", tailer)))
    tailer.close()
    on_page = set(re.findall(r"`(pillion_log_agent_tail_[a-z_]+)`", PAGE.read_text()))
    assert set(scrape.types) == on_page
    assert all(("input", "tail.0") in labels for _, labels in scrape.series)
