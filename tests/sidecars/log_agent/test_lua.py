"""The filter lua: fluent-bit's calling convention, and scripts that misbehave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pillion.errors import ConfigurationError
from tests.sidecars.log_agent.running import agent, balances, summary
from tests.sidecars.log_agent.test_filters import NOW, applied, batch, made
from tests.sidecars.log_agent.test_further_filters import Written, at
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from pillion_log_agent.filters.filter import Filter


def lua(body: str, *entries: tuple[str, str], log: Any = None) -> Filter:
    code = f"function cb(tag, timestamp, record) {body} end"
    return at([NOW], "lua", ("code", code), ("call", "cb"), *entries, log=log)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("return 0, timestamp, {}", [{"a": 1, "b": "x"}]),
        ("return -1, 0, 0", []),
        ("record.c = tag; return 1, timestamp, record", [{"a": 1, "b": "x", "c": "tag"}]),
        ("record.b = nil; return 2, 0, record", [{"a": 1}]),
        ("return 1, timestamp, {{n = 1}, {n = 2}}", [{"n": 1}, {"n": 2}]),
        ("return 2, 0, {t = {1, 2.5}, e = {}}", [{"e": {}, "t": [1, 2.5]}]),
        ("return 7, timestamp, {}", [{"a": 1, "b": "x"}]),
    ],
)
def test_the_code_says_what_becomes_of_a_record(body: str, found: list[dict[str, Any]]) -> None:
    assert lua(body).apply(batch({"a": 1, "b": "x"})).records() == found


def test_code_1_takes_the_time_and_an_untouched_time_stays_exact() -> None:
    given = batch({})
    given.times = type(given.times)([1_700_000_000_123_456_789])
    same = lua("return 1, timestamp, record").apply(given)
    assert same.times.nanoseconds() == [1_700_000_000_123_456_789]
    later = lua("return 1, timestamp + 60, record").apply(given)
    assert later.times.nanoseconds()[0] == pytest.approx(1_700_000_060_123_456_789, abs=1000)
    before = lua("return 2, 5, record").apply(given)
    assert before.times.nanoseconds() == [1_700_000_000_123_456_789]


def test_a_time_may_be_a_table() -> None:
    given = batch({})
    given.times = type(given.times)([5_000_000_007])
    moved = lua(
        "timestamp.sec = timestamp.sec + 1; return 1, timestamp, record", ("time_as_table", "on")
    )
    assert moved.apply(given).times.nanoseconds() == [6_000_000_007]


def test_what_one_record_was_split_into_has_offsets_of_its_own() -> None:
    found = lua("return 1, timestamp, {record, {n = 2}}").apply(batch({"n": 1}, {"n": 3}))
    assert len(found) == 4
    assert len(set(found.offsets)) == 4


def test_whole_numbers_stay_whole_and_empty_lists_are_lists_where_asked_for() -> None:
    made_filter = lua(
        "record.half = record.n / 2; record.l = {}; return 2, 0, record",
        ("type_int_key", "half"),
        ("type_array_key", "l"),
    )
    assert made_filter.apply(batch({"n": 5})).records() == [{"n": 5, "half": 2, "l": []}]


def test_null_is_nil_or_flb_null() -> None:
    given = {"a": None, "b": 1}
    assert lua("return 2, 0, record").apply(batch(given)).records() == [{"b": 1}]
    kept = lua(
        "if record.a == flb_null then record.c = 1 end return 2, 0, record",
        ("enable_flb_null", "on"),
    )
    assert kept.apply(batch(given)).records() == [{"a": None, "b": 1, "c": 1}]


def test_text_is_bytes_to_a_script_and_a_cut_character_is_replaced() -> None:
    found = lua("record.a = string.sub(record.a, 1, 1); return 2, 0, record")
    assert found.apply(batch({"a": "한", "b": "글"})).records() == [{"a": "�", "b": "글"}]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("error('it is broken')", "it is broken"),
        ("while true do end", "longer than time_limit"),
        ("local t = {} while true do t[#t + 1] = string.rep('x', 1000000) .. #t end", "memory"),
        ("return 1, timestamp, {f = print}", "function"),
        ("local t = {} t.t = t return 2, 0, t", "nested deeper"),
        ("return 1, timestamp, {1, 2}", "no record"),
        ("return 'x'", "has not returned"),
        ("return python.eval('1')", "python"),
    ],
)
def test_a_script_that_misbehaves_leaves_the_record_and_is_named(body: str, why: str) -> None:
    log = Written()
    found = lua(body, ("time_limit", "0.1"), log=log).apply(batch({"a": 1}, {"a": 2})).records()
    assert found == [{"a": 1}, {"a": 2}]
    ((_, fields),) = log.lines
    assert why in fields["error"]
    assert fields["function"] == "cb"


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ([("call", "cb")], "one of the two"),
        ([("call", "cb"), ("script", "/no/such.lua")], "script: /no/such.lua cannot be read"),
        ([("call", "cb"), ("code", "function (")], "the script cannot be run"),
        ([("call", "cb"), ("code", "x = 1")], "the script has no function 'cb'"),
    ],
)
def test_a_script_that_cannot_be_used_is_refused(
    entries: list[tuple[str, str]], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        made("lua", *entries)


def test_functions_share_the_globals_of_their_script() -> None:
    counting = lua("count = (count or 0) + 1; record.n = count; return 2, 0, record")
    assert [each["n"] for each in applied(counting, {}, {})] == [1, 2]


CONFIGURATION = """
service: {{flush: 0.05}}
pipeline:
  inputs:
    - {{name: tail, path: "{folder}/app.log", tag: app, read_from_head: on}}
  filters:
    - name: lua
      match: app
      call: split
      code: |
        function split(tag, timestamp, record)
          if record.log == "drop" then return -1, 0, 0 end
          return 2, 0, {{{{log = record.log, part = 1}}, {{log = record.log, part = 2}}}}
        end
  outputs:
    - {{name: stdout, match: '*', format: json_lines}}
"""


def test_records_that_are_split_or_taken_out_balance_in_the_agent(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text("one\ndrop\ntwo\n")
    path = tmp_path / "agent.yaml"
    path.write_text(CONFIGURATION.format(folder=tmp_path))
    with agent(path) as running:
        lines = eventually(running.lines, lambda found: len(found) == 4)
        assert running.started.stop() == 0
    assert [(line["log"], line["part"]) for line in lines] == [
        ("one", 1),
        ("one", 2),
        ("two", 1),
        ("two", 2),
    ]
    assert balances(summary(running.started.log))
