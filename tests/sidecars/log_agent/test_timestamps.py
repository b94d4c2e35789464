"""The column of times: what is cut from texts is what the numbers say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion_log_agent.records.timestamps import Timestamps

SECOND = 1_000_000_000
NOON = 1_795_262_400
TIMES = st.lists(
    st.tuples(
        st.one_of(st.integers(NOON, NOON + 3), st.integers(0, 253_402_300_799)),
        st.text("0123456789", max_size=9),
    ),
    min_size=1,
    max_size=20,
)


def written(second: int, fraction: str) -> str:
    head = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{head}.{fraction}Z" if fraction else f"{head}Z"


def nanoseconds(second: int, fraction: str) -> int:
    return second * SECOND + int(fraction.ljust(9, "0"))


@given(times=TIMES, digits=st.sampled_from([3, 6, 9]))
def test_texts_are_cut_to_what_the_numbers_would_be_written_as(
    times: list[tuple[int, str]], digits: int
) -> None:
    texts = Timestamps.of_texts([written(*time) for time in times])
    assert texts is not None
    numbers = Timestamps([nanoseconds(*time) for time in times])
    assert texts.iso(digits) == numbers.iso(digits)
    assert texts.epoch(digits) == numbers.epoch(digits)
    assert texts.nanoseconds() == numbers.nanoseconds()


@given(times=TIMES)
def test_the_span_holds_every_time(times: list[tuple[int, str]]) -> None:
    texts = Timestamps.of_texts([written(*time) for time in times])
    assert texts is not None
    first, last = texts.span()
    assert all(first <= nanoseconds(*time) <= last for time in times)


GOOD = "2026-11-21T10:00:00.123Z"


@pytest.mark.parametrize(
    "other",
    [
        "2026-11-21t10:00:00.123Z",
        "2026-11-21 10:00:00.123Z",
        "2026-11-21T10:00:00.123z",
        "2026-11-21T10:00:00+00:00",
        "2026-11-21T10:00:00-01:00",
        "2026-13-21T10:00:00.123Z",
        "2026-11-21T10:00:00.123",
        "noon",
        "",
    ],
)
def test_a_text_of_another_shape_makes_no_column(other: str) -> None:
    for texts in ([other], [GOOD, other], [other, GOOD], [GOOD, other, GOOD]):
        assert Timestamps.of_texts(texts) is None


def test_texts_that_hide_their_ends_in_one_another_make_no_column() -> None:
    """Together they are as long as two good ones, with a Z and a T where those have theirs."""
    assert Timestamps.of_texts([GOOD + GOOD[:5], GOOD[5:]]) is None
