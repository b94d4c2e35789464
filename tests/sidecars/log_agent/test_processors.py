"""Processors of inputs and outputs: conditions, what they change and for whom, and the ledger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pillion_log_agent.configuration.condition import parse_condition
from pillion_log_agent.configuration.load import load
from pillion_log_agent.configuration.section import Problems
from pillion_log_agent.filters.conditional import holds
from pillion_log_agent.show import as_yaml
from tests.sidecars.log_agent.running import agent, balances, summary
from tests.sidecars.log_agent.test_filters import applied, batch, made
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("field", "op", "value", "passes", "fails"),
    [
        ("$a", "eq", 200, {"a": 200}, {"a": "200"}),
        ("$a", "neq", "x", {"b": 1}, {"a": "x"}),
        ("$a", "gt", 5, {"a": 6}, {"a": "6"}),
        ("$a", "lte", 5, {"a": 5}, {"a": 5.5}),
        ("$a", "regex", "^a+$", {"a": "aa"}, {"a": 5}),
        ("$a", "not_regex", "^a", {"a": "b"}, {"a": "ab"}),
        ("$a", "in", ["x", 1], {"a": 1}, {"a": True}),
        ("$a", "not_in", ["x"], {}, {"a": "x"}),
        ("$a['b']", "exists", None, {"a": {"b": 0}}, {"a": {}}),
        ("$a", "not_exists", None, {}, {"a": 1}),
    ],
)
def test_a_rule_holds_of_a_record(
    field: str, op: str, value: Any, passes: dict[str, Any], fails: dict[str, Any]
) -> None:
    condition = parse_condition({"rules": [{"field": field, "op": op, "value": value}]})
    assert holds(condition)(passes)
    assert not holds(condition)(fails)


def test_all_rules_have_to_hold_or_any() -> None:
    rules = [{"field": "$a", "op": "eq", "value": 1}, {"field": "$b", "op": "eq", "value": 1}]
    assert not holds(parse_condition({"op": "and", "rules": rules}))({"a": 1})
    assert holds(parse_condition({"op": "or", "rules": rules}))({"a": 1})


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("x", "is no condition"),
        ({"rules": []}, "is no condition"),
        ({"op": "xor", "rules": [{}]}, "write and or or"),
        ({"rules": [{"op": "eq"}]}, "a rule has field, op and value"),
        ({"rules": [{"field": "a", "op": "is"}]}, "there are eq"),
        ({"rules": [{"field": "a", "op": "eq"}]}, "without a value"),
        ({"rules": [{"field": "a", "op": "in", "value": 1}]}, "no list"),
        ({"rules": [{"field": "a", "op": "gt", "value": "1"}]}, "needs a number"),
        ({"rules": [{"field": "a", "op": "exists"}], "x": 1}, "has 'x'"),
    ],
)
def test_a_condition_that_is_none_is_refused(condition: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_condition(condition)


@pytest.mark.parametrize(
    ("entries", "record", "found"),
    [
        ([("action", "insert"), ("value", "v")], {"k": 1}, {"k": 1}),
        ([("action", "insert"), ("value", "v")], {}, {"k": "v"}),
        ([("action", "upsert"), ("value", "v")], {"k": 1}, {"k": "v"}),
        ([("action", "delete")], {"k": 1, "x": 2}, {"x": 2}),
        ([("action", "rename"), ("value", "n")], {"k": 1}, {"n": 1}),
        ([("action", "convert"), ("converted_type", "int")], {"k": "12"}, {"k": 12}),
        ([("action", "convert"), ("converted_type", "string")], {"k": 1.5}, {"k": "1.5"}),
        (
            [("action", "extract"), ("pattern", r"^(?<a>\w+) (?<b>\d+)")],
            {"k": "x 5"},
            {"k": "x 5", "a": "x", "b": "5"},
        ),
        (
            [("action", "hash")],
            {"k": "abc"},
            {"k": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        ),
    ],
)
def test_the_content_modifier_makes_one_change(
    entries: list[tuple[str, str]], record: dict[str, Any], found: dict[str, Any]
) -> None:
    assert applied(made_processor("content_modifier", ("key", "k"), *entries), record) == [found]


def made_processor(name: str, *entries: tuple[str, str]) -> Any:
    from pillion_log_agent.configuration import model  # noqa: PLC0415
    from pillion_log_agent.configuration.plugins import PROCESSORS  # noqa: PLC0415

    model._TABLES["filter"].update(PROCESSORS)
    try:
        return made(name, *entries)
    finally:
        for each in PROCESSORS:
            del model._TABLES["filter"][each]


def test_sampling_lets_a_share_go_on_and_chooses_the_same_again() -> None:
    records = [{"n": number} for number in range(1000)]
    sampling = made_processor("sampling", ("sampling_percentage", "10"))
    given = batch(*records)
    given._offsets = [number * 37 for number in range(1000)]
    first = sampling.apply(given).records()
    assert 50 < len(first) < 150
    again = batch(*records)
    again._offsets = [number * 37 for number in range(1000)]
    assert sampling.apply(again).records() == first


CONFIGURATION = """
service: {{flush: 0.05}}
pipeline:
  inputs:
    - name: tail
      path: "{folder}/app.log"
      tag: app
      read_from_head: on
      parser: json
      processors:
        logs:
          - name: content_modifier
            action: insert
            key: seen
            value: "1"
            condition:
              op: and
              rules:
                - {{field: $level, op: in, value: [error, warn]}}
          - name: grep
            exclude: level debug
    - name: dummy
      dummy: '{{"level": "debug", "from": "dummy"}}'
      samples: 1
      rate: 100
      tag: dummy
  outputs:
    - name: file
      alias: errors
      match: app
      path: "{folder}"
      file: errors
      format: plain
      processors:
        logs:
          - name: grep
            regex: level ^error
          - name: content_modifier
            action: delete
            key: seen
    - name: file
      alias: warnings
      match: app
      path: "{folder}"
      file: warnings
      format: plain
      processors:
        logs:
          - name: grep
            regex: level warn
    - name: file
      alias: dummy
      match: dummy
      path: "{folder}"
      file: dummy
      format: plain
"""


def test_processors_meet_the_records_of_their_input_and_output_alone(tmp_path: Path) -> None:
    levels = ["error", "debug", "info", "warn"] * 25
    (tmp_path / "app.log").write_text("".join(f'{{"level":"{level}"}}\n' for level in levels))
    path = tmp_path / "agent.yaml"
    path.write_text(CONFIGURATION.format(folder=tmp_path))

    def lines(name: str) -> list[dict[str, Any]]:
        file = tmp_path / name
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    with agent(path) as running:
        eventually(lambda: [len(lines(name)) for name in ("errors", "warnings", "dummy")],
                   lambda counts: counts == [25, 25, 1])  # fmt: skip
        assert running.started.stop() == 0
    assert lines("errors") == [{"level": "error"}] * 25
    assert lines("warnings") == [{"level": "warn", "seen": "1"}] * 25
    assert lines("dummy") == [{"level": "debug", "from": "dummy"}]
    figures = summary(running.started.log)
    assert balances(figures)
    # 25 were taken out at the input, and 25 go to no output.
    assert (figures["read"], figures["filtered"], figures["delivered"]) == (101, 50, 51)


def problems_of(tmp_path: Path, processors: str, owner: str = "inputs") -> list[str]:
    path = tmp_path / "agent.yaml"
    lists = {"inputs": "name: dummy", "outputs": "name: 'null'\n      match: '*'"}
    lists[owner] += f"\n      processors: {processors}"
    path.write_text(
        "pipeline:\n" + "".join(f"  {key}:\n    - {text}\n" for key, text in lists.items())
    )
    problems = Problems()
    load(str(path), {}, problems)
    return problems.sentences


@pytest.mark.parametrize(
    ("processors", "sentence"),
    [
        ("{logs: [{name: labels}]}", "labels is not supported"),
        ("{metrics: [{name: labels}]}", "there are no metrics here"),
        ("{logs: [{name: grep, match: '*'}]}", "is not for a processor"),
        ("{logs: [{name: content_modifier, action: insert}]}", "key is missing"),
        ("{logs: [{name: nest, opration: lift}]}", "did you mean operation"),
        ("[]", "is no mapping"),
        ("{log: []}", "did you mean logs"),
        ("{logs: [{name: grep, condition: {op: and}}]}", "is no condition"),
    ],
)
def test_what_is_no_processor_is_refused(tmp_path: Path, processors: str, sentence: str) -> None:
    found = problems_of(tmp_path, processors)
    assert any(sentence in each for each in found), found


def test_routes_are_refused_with_another_way(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_text(
        "pipeline:\n  inputs: [{name: dummy, routes: {logs: [{name: a}]}}]\n"
        "  outputs: [{name: 'null', match: '*'}]\n"
    )
    problems = Problems()
    load(str(path), {}, problems)
    (sentence,) = problems.sentences
    assert "routes: is not supported; use rewrite_tag" in sentence


def test_a_processor_is_shown_in_yaml_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_text(CONFIGURATION.format(folder=tmp_path))
    first = load(str(path), {}, Problems())
    again = tmp_path / "again.yaml"
    again.write_text(as_yaml(first.sections))
    problems = Problems()
    second = load(str(again), {}, problems)
    assert problems.sentences == []
    assert as_yaml(second.sections) == as_yaml(first.sections)
    condition = second.inputs[0].processors[0].section.condition
    assert condition is not None
    assert condition.rules[0].value == ["error", "warn"]
