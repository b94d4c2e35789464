"""A batch: what is cut from a block is what decoding it gives."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.column import Texts
from pillion_log_agent.records.columns import Columns
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.timestamps import Timestamps
from pillion_log_agent.records.wire import from_wire, json_lines

ORIGIN = Origin("tail.0", "/a", "1-2")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
RECORDS = st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=8)


def of_block(block: bytes, count: int, start: int = 0) -> Batch:
    return Batch("t", ORIGIN, Timestamps([0] * count), block=block, start=start)


@given(records=RECORDS)
def test_bodies_are_the_records_without_their_braces(records: list[dict[str, Any]]) -> None:
    batch = of_block(json_lines(records), len(records))
    assert [json.loads(from_wire(f"{{{body}}}")) for body in batch.bodies()] == records


@given(records=RECORDS, start=st.integers(0, 2**40))
def test_offsets_count_bytes(records: list[dict[str, Any]], start: int) -> None:
    block = json_lines(records)
    found = of_block(block, len(records), start).offsets
    lines = block.splitlines(keepends=True) if records else []
    assert found == [start + sum(map(len, lines[:number])) for number in range(len(lines))]


@given(records=RECORDS.filter(bool), data=st.data())
def test_a_selection_has_the_offsets_and_the_fields_of_what_was_selected(
    records: list[dict[str, Any]], data: st.DataObject
) -> None:
    batch = of_block(json_lines(records), len(records))
    batch.put("host", "h")
    chosen = data.draw(st.lists(st.sampled_from(range(len(records))), unique=True).map(sorted))
    part = batch.select(chosen)
    assert part.offsets == [batch.offsets[index] for index in chosen]
    assert part.records() == [{**records[index], "host": "h"} for index in chosen]


def test_a_sealed_batch_is_weighed_once() -> None:
    """A queue adds its weight, and takes the same away again, whatever an output does between."""
    columns = Columns(2, fields={"log": Texts(["a" * 500, "b" * 700])})
    sealed = Batch("t", ORIGIN, Timestamps([1, 2]), columns=columns, size=9)
    sealed.seal()
    weight = sealed.weight
    columns.fields.clear()
    assert sealed.weight == weight > 1200
