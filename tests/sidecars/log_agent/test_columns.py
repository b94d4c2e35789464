"""Columns say what the same rows say as dictionaries, whatever is done to them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from pillion_log_agent.filters.kubernetes.merging import Merging
from pillion_log_agent.filters.kubernetes.splicing import splice_logs
from pillion_log_agent.records.column import Column, Texts, Values
from pillion_log_agent.records.columns import Columns
from pillion_log_agent.records.json_rows import (
    MISSING,
    block_of,
    decode_fields,
    decode_object,
    decode_rows,
)
from pillion_log_agent.records.spliced import Spliced
from pillion_log_agent.records.wire import Wire, from_wire, interleaved, json_lines, to_wire

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = st.sampled_from(["log", "stream", "time", "message", "level", "주문", "k8s", ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)
RECORDS = st.lists(st.dictionaries(NAMES, VALUES, max_size=4), min_size=1, max_size=8)


def head_of(records: Sequence[dict[str, Any]]) -> Columns:
    return Columns(len(records), head=Spliced(json_lines(records), len(records)))


def spelt(columns: Columns) -> list[dict[str, Any]]:
    """Return what an output would write, decoded."""
    lines = from_wire(interleaved("{", columns.rows(), "}\n")).splitlines()
    after_a_date = from_wire(interleaved('{"@":0', columns.rows(","), "}\n")).splitlines()
    with_date = [json.loads(line) for line in after_a_date]
    found = [json.loads(line) for line in lines]
    assert with_date == [{"@": 0, **record} for record in found]
    return found


@given(records=RECORDS, added=st.data())
def test_a_field_that_is_put_added_or_removed_is_so_in_every_row(
    records: list[dict[str, Any]], added: st.DataObject
) -> None:
    columns, expected = head_of(records), [dict(record) for record in records]
    for _ in range(added.draw(st.integers(1, 4))):
        name = added.draw(NAMES)
        match added.draw(st.sampled_from(["put", "add", "remove", "odd", "select"])):
            case "put":
                value = added.draw(VALUES)
                columns.put(name, value)
                expected = [{**record, name: value} for record in expected]
            case "add":
                values = added.draw(
                    st.lists(VALUES, min_size=len(expected), max_size=len(expected))
                )
                columns.add(name, values)
                expected = [{**r, name: v} for r, v in zip(expected, values, strict=True)]
            case "remove":
                columns.remove(name)
                expected = [{k: v for k, v in r.items() if k != name} for r in expected]
            case "odd":
                columns.make_odd(range(0, len(expected), 2))
            case _:
                rows = range(len(expected) % 2, len(expected))
                columns, expected = columns.select(rows), [expected[row] for row in rows]
    assert columns.records() == expected
    assert columns.values("log", "주문") == [
        [record.get(name, MISSING) for record in expected] for name in ("log", "주문")
    ]
    if expected:
        assert spelt(columns) == expected


@given(
    texts=st.lists(st.text(max_size=6), min_size=3, max_size=3),
    sparse=st.lists(VALUES | st.just(MISSING), min_size=3, max_size=3),
    tail=st.lists(st.dictionaries(NAMES, VALUES, max_size=2), min_size=3, max_size=3),
    is_first=st.booleans(),
)
def test_fields_that_some_rows_lack_leave_no_comma_behind(
    texts: list[str], sparse: list[Any], tail: list[dict[str, Any]], *, is_first: bool
) -> None:
    fields: dict[str, Column] = {"text": Texts(texts, end="\n"), "sparse": Values(sparse)}
    if is_first:
        fields = dict(reversed(fields.items()))
    bodies = [json_lines([record])[1:-2] for record in tail]
    columns = Columns(
        3, fields=fields, tail=[to_wire(b"," + body) if body else Wire("") for body in bodies]
    )
    expected = [
        {"text": f"{text}\n"} | ({} if value is MISSING else {"sparse": value}) | more
        for text, value, more in zip(texts, sparse, tail, strict=True)
    ]
    assert spelt(columns) == expected
    assert columns.records() == expected
    assert [columns.record(row) for row in range(3)] == expected


LINES = st.lists(
    st.dictionaries(NAMES, VALUES, max_size=3).map(lambda record: json.dumps(record).encode())
    | st.sampled_from(
        [
            b"",
            b"{",
            b"}",
            b"{}x",
            b"[1]",
            b"7",
            b'{"log":1}{"log":2}',
            b'{"a":NaN}',
            b'{"a":"\xff"}',
        ]
    ),
    min_size=1,
    max_size=9,
)


@given(lines=LINES)
def test_a_broken_row_is_named_and_takes_no_other_with_it(lines: list[bytes]) -> None:
    lines = [line for line in lines if line]
    block = b"".join(line + b"\n" for line in lines)
    found, broken = decode_rows(block, len(lines))
    assert len(found) == len(lines)
    for row, (line, value) in enumerate(zip(lines, found, strict=True)):
        if row in broken:
            assert decode_object(line) is None or b"NaN" in line or b"\xff" in line or b"x" in line
        else:
            assert value == json.loads(line)
    columns, others = decode_fields(block, ("log",), len(lines))
    assert len(columns[0]) == len(lines)
    assert set(others) <= {
        *broken,
        *(n for n, line in enumerate(lines) if not line.startswith(b"{")),
    }


LOGS = st.one_of(
    st.text(max_size=6),
    st.dictionaries(NAMES, VALUES, max_size=3).map(json.dumps),
    st.dictionaries(NAMES, VALUES, max_size=3).map(lambda record: json.dumps(record) + "\n"),
    st.dictionaries(NAMES, st.sampled_from(["a\n", "b\r\n", "c"]), max_size=2).map(json.dumps),
    st.sampled_from(["{}", "{ }\n", "{broken", '{"a":1,"a":2}', '{\n "a": 1\n}', " {} ", "7"]),
)
DOCKER = st.lists(
    st.fixed_dictionaries({"log": LOGS, "stream": st.sampled_from(["stdout", "stderr"])})
    | st.dictionaries(NAMES, VALUES, max_size=3),
    min_size=1,
    max_size=7,
)


@given(
    records=DOCKER,
    key=st.sampled_from([None, "merged", "log"]),
    asked=st.sets(NAMES, max_size=2),
    trims=st.booleans(),
    keeps=st.booleans(),
)
def test_logs_are_spliced_as_they_are_merged_in_records(
    records: list[dict[str, Any]], key: str | None, asked: set[str], *, trims: bool, keeps: bool
) -> None:
    merging = Merging(is_on=True, key=key, trims=trims, keeps_log=keeps, parser=None)
    columns, expected = head_of(records), [dict(record) for record in records]
    if not splice_logs(merging, columns, 5, set(asked)):
        return
    for record in expected:
        merging.merge(record, None, 5)
    names = ("message", "level", "주문")
    assert columns.values(*names) == [[r.get(name, MISSING) for r in expected] for name in names]
    columns.put("kubernetes", {"pod": "a"})
    assert spelt(columns) == [{**record, "kubernetes": {"pod": "a"}} for record in expected]


def test_an_object_with_text_behind_it_is_merged_all_the_same() -> None:
    merging = Merging(is_on=True, key=None, trims=False, keeps_log=True, parser=None)
    columns = head_of([{"log": '{"a":1} done\n'}, {"log": '{"a":2}\n'}, {"log": "{none"}])
    assert splice_logs(merging, columns, 5, set())
    assert columns.values("a") == [[1, 2, MISSING]]


def test_bodies_of_no_rows_are_none() -> None:
    empty = Columns(0, fields={"log": Texts([])})
    assert (empty.bodies(), empty.records(), block_of([])) == ([], [], b"")
