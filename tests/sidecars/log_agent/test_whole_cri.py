"""CRI's lines by the block: the same as line by line, whatever their texts say."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion_log_agent.inputs.pieces import PieceJoiner, PieceOptions
from pillion_log_agent.parsers.runtime import AS_MULTILINE
from pillion_log_agent.parsers.whole_cri import whole_cri
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.origin import Origin
from tests.sidecars.log_agent.receipts import unnoted

TIME = "2026-11-21T10:00:00.123456789Z"
ORIGIN = Origin("tail.0", "/a", "1-2")
PIECES = [
    "a", " ", '"', "\\", "\t", "\x1b[31m", "\u00e9", "\u2028", "\x00", TIME,
    f"{TIME} stdout F ", " stdout F ", " stderr F ", " stdout P ", '","log":"',
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)
LINES = st.tuples(
    st.sampled_from([TIME, "2026-11-21T10:00:01Z", "no time"]),
    st.sampled_from(["stdout F", "stderr F", "stdout F", "stdout X", "F"]),
    TEXTS,
).map(" ".join)


def taken(data: bytes, *, by_line: bool) -> Batch:
    joiner = PieceJoiner(PieceOptions(("cri",), AS_MULTILINE, 10_000), "t", ORIGIN)
    if by_line:
        # What is not closed by a newline is looked at line by line.
        data = data.removesuffix(b"\n")
    return joiner.take(data, 7, unnoted(), 5, 0.0)[0]


@given(lines=st.lists(LINES, min_size=1, max_size=4))
def test_a_block_is_what_its_lines_are(lines: list[str]) -> None:
    data = "".join(f"{line}\n" for line in lines).encode()
    block, by_line = taken(data, by_line=False), taken(data, by_line=True)
    assert [json.loads(f"{{{body}}}") for body in block.bodies()] == by_line.records()
    assert block.offsets == by_line.offsets
    assert block.times.nanoseconds() == by_line.times.nanoseconds()


@pytest.mark.parametrize(
    ("text", "is_escaped"), [("plain", False), ("caf\u00e9", False), ('"a"', True), ("a\tb", True)]
)
def test_whole_lines_are_objects_without_being_looked_at_one_by_one(
    text: str, *, is_escaped: bool
) -> None:
    found = whole_cri(f"{TIME} stdout F {text}\n{TIME} stderr F \n".encode())
    assert found is not None
    assert [json.loads(line) for line in found.block.splitlines()] == [
        {"time": TIME, "stream": "stdout", "_p": "F", "log": text},
        {"time": TIME, "stream": "stderr", "_p": "F", "log": ""},
    ]
    assert found.is_escaped == is_escaped


@pytest.mark.parametrize(
    "line",
    [
        f"{TIME} stdout P begun",
        f"{TIME} stdout F a stderr F b",
        f"{TIME} stdout F crlf\r",
        "2026-11-21T10:00:00+01:00 stdout F zone",
        "no time stdout F text",
        "",
    ],
)
def test_a_block_with_a_line_of_another_kind_is_left_to_be_looked_at(line: str) -> None:
    assert whole_cri(f"{TIME} stdout F a\n{line}\n{TIME} stdout F b\n".encode()) is None
