"""A runtime's lines by the block: the same as one at a time, whatever is among them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillion_log_agent.inputs.pieces import PieceJoiner, PieceOptions
from pillion_log_agent.parsers.runtime import AS_MULTILINE, AS_PARSER, Shape
from pillion_log_agent.records.origin import Origin
from tests.sidecars.log_agent.receipts import unnoted

if TYPE_CHECKING:
    from collections.abc import Sequence

TIME = "2026-11-21T10:00:00.123456789Z"
ORIGIN = Origin("tail.0", "/a", "1-2")
PIECES = [
    "a", " ", '"', "\\", "\t", "\x1b[31m", "\u00e9", "\u00e0", "\u2028", "\x00", TIME, "}{",
    f"{TIME} stdout F ", " stdout F ", " stderr F ", " stdout P ", '","log":"',
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)
TIMES = st.sampled_from([TIME, "2026-11-21T10:00:01Z", "2026-11-21T10:00:01+01:00", "no time"])
CRI = st.tuples(
    TIMES, st.sampled_from(["stdout F", "stderr F", "stdout P", "stderr P", "stdout X", "F"]), TEXTS
).map(" ".join)


@st.composite
def docker(draw: st.DrawFn) -> str:
    line: dict[str, Any] = {
        "log": draw(TEXTS) + draw(st.sampled_from(["\n", "\n", ""])),
        "stream": draw(st.sampled_from(["stdout", "stderr"])),
        "time": draw(TIMES),
    }
    if draw(st.integers(0, 4)) == 0:
        line["attrs"] = {"tag": draw(TEXTS)}
    text = json.dumps(line, ensure_ascii=draw(st.booleans()), separators=(",", ":"))
    return draw(
        st.sampled_from(
            [
                text,
                text,
                text,
                text + text,
                f"  {text} ",
                text[:-1],
                f"{text} x",
                "[1]",
                "7",
                "",
                " ",
            ]
        )
    )


def taken(
    chunks: Sequence[bytes], runtimes: tuple[str, ...], shape: Shape
) -> list[tuple[int, int, dict[str, Any]]]:
    """Return offset, time and fields of each record."""
    joiner = PieceJoiner(PieceOptions(runtimes, shape, 10_000), "t", ORIGIN)
    found, start = [], 7
    for data in chunks:
        batch, _ = joiner.take(data, start, unnoted(), 5, 0.0)
        assert batch.weight >= batch.read_weight
        times = batch.times.nanoseconds()
        found += list(zip(batch.offsets, times, batch.decoded(), strict=True))
        start += len(data)
    late = joiner.give_up(5)
    if late is not None:
        batch = late[0]
        found += list(zip(batch.offsets, batch.times.nanoseconds(), batch.decoded(), strict=True))
    return found


@given(
    lines=st.lists(CRI | docker(), min_size=1, max_size=6),
    runtimes=st.sampled_from([("cri",), ("docker",), ("docker", "cri")]),
    shape=st.sampled_from([AS_MULTILINE, AS_PARSER]),
)
@example(lines=[f"{TIME} stdout P a", f"{TIME} stderr F b", f"{TIME} stdout F c"],
         runtimes=("cri",), shape=AS_MULTILINE)  # fmt: skip
def test_a_block_is_what_its_lines_are(
    lines: list[str], runtimes: tuple[str, ...], shape: Shape
) -> None:
    data = [f"{line}\n".encode() for line in lines]
    assert taken([b"".join(data)], runtimes, shape) == taken(data, runtimes, shape)


@given(
    lines=st.lists(st.binary(max_size=12).map(lambda text: text.replace(b"\n", b"")), max_size=5)
)
def test_bytes_that_are_no_utf_8_are_replaced_and_nothing_else(lines: list[bytes]) -> None:
    data = [f"{TIME} stdout F ".encode() + line + b"\n" for line in lines]
    found = taken([b"".join(data)], ("cri",), AS_MULTILINE)
    assert [record["log"] for _, _, record in found] == [
        line.removesuffix(b"\r").decode("utf-8", "replace") for line in lines
    ]


@pytest.mark.parametrize("text", ["plain", "caf\u00e9", '"a"', "a\tb", ""])
def test_whole_lines_are_taken_apart(text: str) -> None:
    found = taken([f"{TIME} stdout F {text}\n".encode()], ("cri",), AS_MULTILINE)
    assert [record for _, _, record in found] == [
        {"time": TIME, "stream": "stdout", "_p": "F", "log": text}
    ]


def test_joined_pieces_have_the_time_the_tag_and_the_place_of_the_first() -> None:
    later = TIME.replace("10:00:00", "10:00:09")
    first, last = f"{TIME} stdout P be\n", f"{later} stdout F gun\n"
    other = f"{TIME} stderr F between\n"
    found = taken([f"{first}{other}{last}".encode()], ("cri",), AS_MULTILINE)
    fields = {"time": TIME, "stream": "stdout", "_p": "P", "log": "begun"}
    assert [(offset, record) for offset, _, record in found][1] == (7, fields)
