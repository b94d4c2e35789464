"""The filters nest, type_converter, throttle, expect, sysinfo, checklist, stdout."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

import pytest

from pillion.errors import ConfigurationError
from pillion_log_agent.configuration.declaration import read_properties
from pillion_log_agent.configuration.model import declaration_of
from pillion_log_agent.configuration.section import Entry, Problems, Section
from pillion_log_agent.filters.filter import FilterContext
from pillion_log_agent.outputs import stdout
from pillion_log_agent.parsers.make import Parsers
from tests.sidecars.log_agent.test_filters import NOW, PLACE, applied, batch, made

if TYPE_CHECKING:
    from pathlib import Path

    from pillion.log import Logger
    from pillion_log_agent.filters.filter import Filter


class Written:
    """A logger that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def warning(self, text: str, **fields: Any) -> None:
        self.lines.append((text, fields))

    error = warning


def at(times: list[int], name: str, *entries: tuple[str, str], log: Any = None) -> Filter:
    """A filter whose clock says the times, the last one for good."""
    problems = Problems()
    declaration = declaration_of("filter", name)
    section = Section("filter", PLACE, tuple(Entry(key, value, PLACE) for key, value in entries))
    own, _ = read_properties(section, declaration, None, problems)
    problems.raise_if_any()
    context = FilterContext(
        name,
        cast("Logger", log or Written()),
        Parsers({}).get,
        lambda: times.pop(0) if len(times) > 1 else times[0],
        {},
    )
    assert declaration.build is not None
    found: Filter = declaration.build(own, context)
    return found


def test_nest_moves_fields_into_an_object_behind_the_others() -> None:
    nest = made("nest", ("Operation", "nest"), ("Wildcard", "m_*"), ("Nest_under", "m"))
    assert applied(nest, {"m_a": 1, "x": 2, "m_b": 3}, {"x": 1}) == [
        {"x": 2, "m": {"m_a": 1, "m_b": 3}},
        {"x": 1},
    ]


def test_nest_takes_names_as_they_are_and_a_prefix_away() -> None:
    nest = made(
        "nest",
        ("operation", "nest"),
        ("wildcard", "m_*"),
        ("wildcard", "y"),
        ("nest_under", "m"),
        ("remove_prefix", "m_"),
    )
    assert applied(nest, {"m_a": 1, "yy": 2, "y": 3}) == [{"yy": 2, "m": {"a": 1, "y": 3}}]


def test_lift_moves_the_fields_of_an_object_out_with_a_prefix() -> None:
    lift = made("nest", ("operation", "lift"), ("nested_under", "m"), ("add_prefix", "m_"))
    assert applied(lift, {"m": {"a": 1}, "x": 2}, {"m": "text"}, {"x": 1}) == [
        {"x": 2, "m_a": 1},
        {"m": "text"},
        {"x": 1},
    ]


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ([("operation", "lift")], "nested_under is missing"),
        ([("operation", "nest"), ("wildcard", "a")], "nest_under is missing"),
        ([("operation", "nest"), ("nest_under", "a")], "wildcard is missing"),
        (
            [
                ("operation", "lift"),
                ("nested_under", "a"),
                ("add_prefix", "a"),
                ("remove_prefix", "b"),
            ],
            "cannot be used together",
        ),
    ],
)
def test_nest_says_what_it_lacks(entries: list[tuple[str, str]], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        made("nest", *entries)


def test_types_are_converted_into_fields_of_their_own() -> None:
    convert = made(
        "type_converter",
        ("int_key", "id id_str string"),
        ("str_key", "hex n hex"),
        ("str_key", "hex m uint"),
        ("str_key", "bad b int"),
        ("str_key", "led l int"),
        ("float_key", "f i int"),
        ("str_key", "$in['a'] a float"),
    )
    record = {"id": 7, "hex": "0x1f", "bad": "x", "led": "12abc", "f": 2.9, "in": {"a": "1.5"}}
    made_of_text = {"n": 31, "m": "0x1f", "b": "x", "l": 12, "a": 1.5}
    assert [list(each.items()) for each in applied(convert, record, {"id": "7", "f": True})] == [
        list((record | made_of_text | {"id_str": "7", "i": 2}).items()),
        list({"id": "7", "f": True, "id_str": "7", "i": True}.items()),
    ]


def test_a_field_that_is_there_is_replaced_and_comes_last() -> None:
    convert = made("type_converter", ("int_key", "a a string"))
    assert list(applied(convert, {"a": 1, "b": 2})[0].items()) == [("b", 2), ("a", "1")]


def test_a_number_of_a_million_digits_costs_nothing() -> None:
    convert = made("type_converter", ("str_key", "a n int"))
    assert applied(convert, {"a": "9" * 1_000_000})[0]["n"] == "9" * 1_000_000


def test_throttle_lets_the_average_over_its_window_through() -> None:
    second = 1_000_000_000
    times = [0, 0, 0, 4 * second, 5 * second, 5 * second]
    throttle = at(times, "throttle", ("Rate", "2"), ("Window", "5"), ("Interval", "1s"))
    records = [{"n": number} for number in range(8)]
    assert len(throttle.apply(batch(*records))) == 8
    assert throttle.apply(batch(*records)).records() == [{"n": 0}, {"n": 1}]
    assert len(throttle.apply(batch(*records))) == 0
    # Five seconds on the first slot is empty again.
    assert len(throttle.apply(batch(*records))) == 8


def test_throttle_survives_a_clock_that_is_set_back() -> None:
    hour = 3600 * 1_000_000_000
    throttle = at([2 * hour, 2 * hour, hour], "throttle", ("rate", "1"), ("window", "2"))
    assert len(throttle.apply(batch({}, {}, {}))) == 2
    assert len(throttle.apply(batch({}, {}, {}))) == 2


@pytest.mark.parametrize(
    ("rule", "passes", "fails"),
    [
        (("key_exists", "a"), {"a": None}, {"b": 1}),
        (("key_exists", "$a['b']"), {"a": {"b": 1}}, {"a": {}}),
        (("key_not_exists", "a"), {"b": 1}, {"a": None}),
        (("key_val_is_null", "a"), {"a": None}, {"b": 1}),
        (("key_val_is_not_null", "a"), {"a": 0}, {"a": None}),
        (("key_val_eq", "a it is"), {"a": "it is"}, {"a": "it"}),
    ],
)
def test_expect_says_which_rule_a_record_breaks(
    rule: tuple[str, str], passes: dict[str, Any], fails: dict[str, Any]
) -> None:
    log = Written()
    expect = at([NOW], "expect", rule, log=log)
    assert expect.apply(batch(passes)).records() == [passes]
    assert log.lines == []
    expect.apply(batch(fails))
    expect.apply(batch(fails))
    ((_, fields),) = log.lines
    assert fields["rule"].startswith(rule[0])


def test_expect_may_say_it_in_the_record() -> None:
    expect = made("expect", ("key_exists", "a"), ("action", "result_key"), ("result_key", "ok"))
    assert applied(expect, {"a": 1}, {"b": 1}) == [{"ok": True, "a": 1}, {"ok": False, "b": 1}]


def test_sysinfo_adds_what_it_is_asked_for() -> None:
    sysinfo = made(
        "sysinfo", ("hostname_key", "host"), ("os_name_key", "os"), ("kernel_version_key", "k")
    )
    assert applied(sysinfo, {}) == [
        {"os": "linux", "host": os.uname().nodename, "k": os.uname().release}
    ]


@pytest.mark.parametrize(
    ("mode", "value", "is_listed"),
    [
        ("exact", "10.0.0.1", True),
        ("exact", "from 10.0.0.1", False),
        ("partial", "from 10.0.0.1 on", True),
        ("partial", "from 10.0.0x1 on", False),
        ("partial", "in BAD case", True),
        ("exact", 5, False),
    ],
)
def test_checklist_adds_fields_where_a_field_is_listed(
    tmp_path: Path, mode: str, value: Any, is_listed: Any
) -> None:
    path = tmp_path / "list"
    path.write_text("# addresses\n10.0.0.1\nbad case\n\n")
    checklist = made(
        "checklist",
        ("file", str(path)),
        ("lookup_key", "ip"),
        ("record", "ioc abc"),
        ("record", "bad true"),
        ("mode", mode),
        ("ignore_case", "on"),
    )
    added = {"ioc": "abc", "bad": True} if is_listed else {}
    assert applied(checklist, {"ip": value}) == [{"ip": value} | added]


def test_checklist_says_which_file_it_cannot_read() -> None:
    with pytest.raises(ConfigurationError, match="file: /no/list cannot be read"):
        made("checklist", ("file", "/no/list"), ("record", "a b"))


def test_stdout_prints_records_and_lets_them_go_on(capfd: pytest.CaptureFixture[str]) -> None:
    records: list[dict[str, Any]] = [{"a": 1}, {"b": "x"}]
    assert applied(made("stdout"), *records) == records
    stdout._WRITER.submit(bool).result(10)  # behind what was to be printed
    first, second = capfd.readouterr().out.splitlines()
    assert first.endswith('{"a"=>1}]')
    assert second.endswith('{"b"=>"x"}]')


def test_stdout_says_once_that_nobody_reads_fast_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdout, "MOST_WAITING", -1)
    log = Written()
    full = at([NOW], "stdout", log=log)
    assert applied(full, {"a": 1}) == applied(full, {"a": 1}) == [{"a": 1}]
    assert log.lines == [("standard output is not read fast enough to print every record", {})]
