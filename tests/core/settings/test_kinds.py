from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillion.settings.kinds import (
    ADDRESS,
    BOOLEAN,
    CHOICE,
    COUNT,
    DURATION,
    PATH,
    SIZE,
    TEXT,
    Address,
    Kind,
    parse_address,
    parse_duration,
    parse_size,
    positive,
    show_duration,
    show_size,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5s", 5.0),
        ("500ms", 0.5),
        ("1m30s", 90.0),
        ("0.5h", 1800.0),
        (".5s", 0.5),
        ("1d", 86400.0),
        ("2w", 1209600.0),
        ("10us", 1e-5),
        ("10µs", 1e-5),
        ("0", 0.0),
        ("0s", 0.0),
    ],
)
def test_a_duration_is_what_go_and_prometheus_write(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", "-5s", "5S", "1e3s", "5s ", "٥s", "5sm"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


def test_a_duration_beyond_a_century_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than 100 years"):
        parse_duration("9999999999h")


@given(st.integers(min_value=0, max_value=10**9))
def test_a_duration_that_is_shown_reads_back(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_duration(show_duration(seconds)) == pytest.approx(seconds, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "size"),
    [("512", 512), ("64k", 65536), ("5MB", 5 * 2**20), ("1GiB", 2**30), ("1g", 2**30), ("7b", 7)],
)
def test_a_size_is_bytes_in_steps_of_1024(text: str, size: int) -> None:
    assert parse_size(text) == size


@given(st.integers(min_value=0, max_value=2**50))
def test_a_size_that_is_shown_reads_back(size: int) -> None:
    assert parse_size(show_size(size)) == size


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":9113", Address("", 9113)),
        ("127.0.0.1:0", Address("127.0.0.1", 0)),
        ("[::1]:80", Address("::1", 80)),
        ("localhost:65535", Address("localhost", 65535)),
    ],
)
def test_an_address_is_host_and_port_and_reads_back(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    "text", ["9113", "", "host", "::1:80", "host:", "host:x", "host:65536", "host:-1", "a b:80"]
)
def test_what_is_no_address_is_refused_with_the_forms_there_are(text: str) -> None:
    with pytest.raises(ValueError, match="write host:port, :port or \\[IPv6\\]:port"):
        parse_address(text)


def test_a_choice_names_its_options() -> None:
    with pytest.raises(ValueError, match="is none of logfmt, json"):
        CHOICE("logfmt", "json").parse("xml")


def test_a_choice_may_be_written_in_capitals() -> None:
    assert CHOICE("debug", "warn").parse("WARN") == "warn"


def test_a_positive_duration_is_not_zero() -> None:
    with pytest.raises(ValueError, match="must be more"):
        positive(DURATION).parse("0s")


@pytest.mark.parametrize(
    "kind", [TEXT, PATH, COUNT, DURATION, SIZE, ADDRESS, BOOLEAN, CHOICE("a", "b")]
)
@given(text=st.text(max_size=40))
@example(text="9" * 5000)
@example(text="²")
def test_no_text_makes_anything_but_a_value_or_a_value_error(kind: Kind[Any], text: str) -> None:
    try:
        kind.show(kind.parse(text))
    except ValueError as error:
        assert str(error)  # either outcome is right, and each is checked
