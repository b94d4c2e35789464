from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion_nginx_exporter.stub_status import StubStatus, StubStatusError, parse_stub_status

NGINX = (
    b"Active connections: 291 \n"
    b"server accepts handled requests\n"
    b" 16630948 16630947 31070465 \n"
    b"Reading: 6 Writing: 179 Waiting: 106 \n"
)
FIGURES = StubStatus(
    active=291,
    accepted=16630948,
    handled=16630947,
    requests=31070465,
    reading=6,
    writing=179,
    waiting=106,
)

counts = st.integers(min_value=0, max_value=2**64 - 1)


def test_the_page_of_nginx() -> None:
    assert parse_stub_status(NGINX) == FIGURES


def test_the_page_of_tengine_has_a_column_for_the_request_time() -> None:
    page = (
        b"Active connections: 291 \n"
        b"server accepts handled requests request_time\n"
        b" 16630948 16630947 31070465 1546565864\n"
        b"Reading: 6 Writing: 179 Waiting: 106 \n"
    )
    assert parse_stub_status(page) == FIGURES


@pytest.mark.parametrize(
    "page",
    [
        NGINX.replace(b"\n", b"\r\n"),
        b"\n" + NGINX,
        NGINX.rstrip(),
        NGINX.replace(b" \n", b"\n"),
        NGINX.replace(b" 16630948 16630947", b"16630948\t16630947"),
        NGINX.replace(b": ", b":   "),
        NGINX.replace(b"Reading", b"   Reading"),
        b"\n".join(line.strip() for line in NGINX.splitlines()),
    ],
)
def test_white_space_and_line_ends_may_differ(page: bytes) -> None:
    assert parse_stub_status(page) == FIGURES


def test_what_follows_the_page_is_not_looked_at() -> None:
    assert parse_stub_status(NGINX + b"Upstreams: 3\n") == FIGURES


@pytest.mark.parametrize(
    ("page", "ending"),
    [
        (b"", "it is empty"),
        (b" \r\n", "it is empty"),
        (b"<html><body>Welcome</body></html>", "'<html><body>Welcome</body></html>'"),
        (b"\xff\xfe", "'��'"),
        (b"x" * 500, repr("x" * 60)),
    ],
)
def test_an_answer_that_is_something_else_is_told_with_its_beginning(
    page: bytes, ending: str
) -> None:
    with pytest.raises(StubStatusError) as caught:
        parse_stub_status(page)
    assert str(caught.value).startswith("the answer is not a status page of nginx: ")
    assert str(caught.value).endswith(ending)
    assert caught.value.reason == "parse"


@pytest.mark.parametrize(
    "page",
    [
        NGINX[:-20],
        NGINX.replace(b"291", b"-1"),
        NGINX.replace(b"291", b"9" * 21),
        NGINX.replace(b"16630948 16630947 31070465", b"16630948 16630947"),
        NGINX.replace(b"106", b"106x"),
        NGINX.replace(b"Reading: 6", b"Reading: six"),
    ],
)
def test_a_page_with_a_figure_missing_or_broken_is_none(page: bytes) -> None:
    with pytest.raises(StubStatusError):
        parse_stub_status(page)


@given(st.builds(StubStatus, counts, counts, counts, counts, counts, counts, counts))
def test_every_figure_of_64_bits_comes_back(status: StubStatus) -> None:
    page = (
        f"Active connections: {status.active} \nserver accepts handled requests\n"
        f" {status.accepted} {status.handled} {status.requests} \n"
        f"Reading: {status.reading} Writing: {status.writing} Waiting: {status.waiting} \n"
    )
    assert parse_stub_status(page.encode()) == status


@given(st.binary() | st.binary().map(lambda junk: NGINX[:60] + junk + NGINX[60:]))
def test_any_bytes_give_a_value_or_the_one_error(page: bytes) -> None:
    try:
        assert isinstance(parse_stub_status(page), StubStatus)
    except StubStatusError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("piece", [b" ", b"1 ", b"a ", b"\n", b"1"])
def test_a_hostile_page_costs_no_more_than_its_length(piece: bytes) -> None:
    head = b"Active connections: 1 \nserver accepts handled requests "
    # 64 KiB of it is what is read at most; with backtracking this would take hours.
    with pytest.raises(StubStatusError):
        parse_stub_status(head + piece * (65536 // len(piece)))
