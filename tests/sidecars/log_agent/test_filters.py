"""Filters over batches: grep, record_modifier, modify, parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pillion.errors import ConfigurationError
from pillion.log import Logger
from pillion_log_agent.configuration.declaration import read_properties
from pillion_log_agent.configuration.model import declaration_of
from pillion_log_agent.configuration.section import Entry, Place, Problems, Section
from pillion_log_agent.filters.filter import FilterContext
from pillion_log_agent.parsers.make import Parsers
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.timestamps import Timestamps
from pillion_log_agent.records.wire import json_lines

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import Filter

NOW = 1_795_255_200_000_000_000
PLACE = Place("test", 1)


def made(name: str, *entries: tuple[str, str]) -> Filter:
    problems = Problems()
    declaration = declaration_of("filter", name)
    section = Section("filter", PLACE, tuple(Entry(key, value, PLACE) for key, value in entries))
    own, _ = read_properties(section, declaration, None, problems)
    problems.raise_if_any()
    context = FilterContext(name, Logger(), Parsers({}).get, lambda: NOW, {})
    assert declaration.build is not None
    found: Filter = declaration.build(own, context)
    return found


def batch(*records: dict[str, Any]) -> Batch:
    return Batch(
        "tag",
        Origin("tail.0", "/a", "id"),
        Timestamps([NOW + number for number in range(len(records))]),
        block=json_lines(list(records)),
    )


def applied(made_filter: Filter, *records: dict[str, Any]) -> list[dict[str, Any]]:
    return made_filter.apply(batch(*records)).records()


LEVELS: list[dict[str, Any]] = [
    {"level": "info", "n": 1, "id": "1"},
    {"level": "error", "n": 2, "id": "2"},
    {"n": 3, "id": "3"},
]


@pytest.mark.parametrize(
    ("entries", "kept"),
    [
        ([("regex", "level err")], [2]),
        ([("exclude", "level err")], [1, 3]),
        ([("regex", "level .*"), ("exclude", "id ^1$")], [2]),
        ([("regex", "level err"), ("regex", "id 2")], [2]),
        ([("logical_op", "or"), ("regex", "level err"), ("regex", "id 3")], [2, 3]),
        ([("logical_op", "and"), ("exclude", "level err"), ("exclude", "id 3")], [1, 2, 3]),
        ([("logical_op", "or"), ("exclude", "level err"), ("exclude", "id 3")], [1]),
    ],
)
def test_grep_keeps_what_its_rules_say(entries: list[tuple[str, str]], kept: list[int]) -> None:
    assert [each["n"] for each in applied(made("grep", *entries), *LEVELS)] == kept


def test_grep_reaches_into_records() -> None:
    rule = made("grep", ("regex", "$kubernetes['labels']['app'] ^web$"))
    record = {"kubernetes": {"labels": {"app": "web"}}}
    assert applied(rule, record, {"kubernetes": {}}, {}) == [record]


def test_what_grep_leaves_keeps_its_times_and_places() -> None:
    left = made("grep", ("regex", "level err")).apply(batch(*LEVELS))
    assert left.times.nanoseconds() == [NOW + 1]
    assert left.offsets == [len('{"level":"info","n":1,"id":"1"}\n')]


@pytest.mark.parametrize("value", [404, 4.04, True, None, ["4"], {"4": "4"}])
def test_grep_finds_no_pattern_in_what_is_not_text(value: Any) -> None:
    record = {"value": value}
    assert applied(made("grep", ("exclude", "value .")), record) == [record]
    assert applied(made("grep", ("regex", "value .")), record) == []


def test_grep_refuses_both_kinds_of_rule_under_one_operator() -> None:
    with pytest.raises(ConfigurationError, match="takes either regex or exclude"):
        made("grep", ("logical_op", "or"), ("regex", "a b"), ("exclude", "a b"))


def test_record_modifier_adds_to_a_block_without_decoding_it() -> None:
    found = made("record_modifier", ("record", "host web 1")).apply(batch({"a": 1}, {"a": 2}))
    assert not found.is_decoded
    assert found.records() == [{"a": 1, "host": "web 1"}, {"a": 2, "host": "web 1"}]


def test_record_modifier_replaces_a_field_that_is_there() -> None:
    assert applied(made("record_modifier", ("record", "a new")), {"a": 1}) == [{"a": "new"}]


def test_record_modifier_removes_or_allows_fields() -> None:
    record = {"a": 1, "b": 2, "c": 3}
    assert applied(made("record_modifier", ("remove_key", "a")), record) == [{"b": 2, "c": 3}]
    assert applied(made("record_modifier", ("allowlist_key", "a")), record) == [{"a": 1}]
    with pytest.raises(ConfigurationError):
        made("record_modifier", ("remove_key", "a"), ("allowlist_key", "b"))


def test_modify_applies_its_rules_in_the_order_in_which_they_stand() -> None:
    rules = made("modify", ("rename", "a b"), ("set", "a new"), ("copy", "a c"), ("remove", "b"))
    assert applied(rules, {"a": 1}) == [{"a": "new", "c": "new"}]
    rules = made("modify", ("remove", "b"), ("rename", "a b"))
    assert applied(rules, {"a": 1, "b": 2}) == [{"b": 1}]


@pytest.mark.parametrize(
    ("rule", "record", "after"),
    [
        (("add", "a x"), {"a": 1}, {"a": 1}),
        (("add", "b x y"), {"a": 1}, {"a": 1, "b": "x y"}),
        (("remove_wildcard", "k8s_*"), {"k8s_a": 1, "b": 2}, {"b": 2}),
        (("remove_regex", "^k"), {"ka": 1, "b": 2}, {"b": 2}),
        (("rename", "a b"), {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        (("hard_rename", "a b"), {"a": 1, "b": 2}, {"b": 1}),
        (("hard_copy", "a b"), {"a": 1, "b": 2}, {"a": 1, "b": 1}),
    ],
)
def test_each_rule_of_modify_does_what_it_says(
    rule: tuple[str, str], record: dict[str, Any], after: dict[str, Any]
) -> None:
    assert applied(made("modify", rule), record) == [after]


@pytest.mark.parametrize(
    ("rule", "order"),
    [
        (("set", "a new"), ["b", "c", "a"]),
        (("add", "d new"), ["a", "b", "c", "d"]),
        (("rename", "a d"), ["d", "b", "c"]),
        (("hard_rename", "b a"), ["a", "c"]),
        (("copy", "a d"), ["a", "d", "b", "c"]),
        (("hard_copy", "a c"), ["a", "c", "b"]),
    ],
)
def test_modify_leaves_fields_in_the_order_in_which_fluent_bit_does(
    rule: tuple[str, str], order: list[str]
) -> None:
    assert list(applied(made("modify", rule), {"a": 1, "b": 2, "c": 3})[0]) == order


def test_modify_moves_fields() -> None:
    record = {"a": 1, "b": 2, "c": 3}
    assert list(applied(made("modify", ("move_to_start", "c")), record)[0]) == ["c", "a", "b"]
    assert list(applied(made("modify", ("move_to_end", "a")), record)[0]) == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("key_exists a", True),
        ("key_does_not_exist a", False),
        ("a_key_matches ^b", True),
        ("no_key_matches ^b", False),
        ("key_value_equals a x1", True),
        ("key_value_does_not_equal a x1", False),
        ("key_value_matches a ^x", True),
        ("key_value_does_not_match a ^x", False),
        ("matching_keys_have_matching_values ^a ^x", True),
        ("matching_keys_do_not_have_matching_values ^a ^x", False),
        # A field that is missing meets no condition on its value, nor does a number.
        ("key_value_equals missing x1", False),
        ("key_value_does_not_equal missing x1", False),
        ("key_value_matches missing .", False),
        ("key_value_does_not_match missing .", False),
        ("key_value_equals b 2", False),
        ("key_value_does_not_equal b 2", True),
        ("key_value_matches b 2", False),
        ("key_value_matches c ^true$", True),
        ("key_value_equals c true", False),
    ],
)
def test_modify_changes_where_its_conditions_hold(condition: str, *, holds: bool) -> None:
    rules = made("modify", ("condition", condition), ("set", "done yes"))
    (record,) = applied(rules, {"a": "x1", "b": 2, "c": True})
    assert ("done" in record) is holds


def test_an_unknown_condition_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="did you mean key_exists"):
        made("modify", ("condition", "key_exist a"))


def test_parser_takes_the_place_of_the_record_or_joins_it() -> None:
    record = {"log": '{"x":1}', "other": 2}
    keys = [("key_name", "log"), ("parser", "docker")]
    assert applied(made("parser", *keys), record) == [{"x": 1}]
    assert applied(made("parser", *keys, ("reserve_data", "on")), record) == [{"other": 2, "x": 1}]
    assert applied(made("parser", *keys, ("preserve_key", "on")), record) == [
        {"log": '{"x":1}', "x": 1}
    ]


def test_parser_takes_the_first_that_fits_and_leaves_what_none_fits() -> None:
    both = made("parser", ("key_name", "log"), ("parser", "docker"), ("parser", "syslog-rfc3164"))
    found = applied(both, {"log": "<1>Nov 21 10:00:00 h a: m"}, {"log": "plain"}, {"n": 1})
    assert found[0]["message"] == "m"
    assert found[1:] == [{"log": "plain"}, {"n": 1}]


def test_parser_gives_the_record_the_time_that_it_finds() -> None:
    made_filter = made("parser", ("key_name", "log"), ("parser", "docker"))
    found = made_filter.apply(batch({"log": '{"time":"2026-11-21T10:00:09Z"}'}, {"log": "x"}))
    assert found.times.nanoseconds() == [NOW + 9_000_000_000, NOW + 1]


def test_a_parser_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="did you mean docker"):
        made("parser", ("key_name", "log"), ("parser", "dockr"))
