"""Requests as values."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote

from hypothesis import given
from hypothesis import strategies as st

from pillion.web import Request
from pillion.web import message as web_message


def request(query: str) -> Request:
    return Request("GET", "/", query, {}, b"", "peer")


def test_parameters_keep_their_order_and_blank_values() -> None:
    asked = request("target=a%20b&module=x&target=c+d&blank=&bare&&=odd")
    assert asked.parameters() == {
        "target": ["a b", "c d"],
        "module": ["x"],
        "blank": [""],
        "bare": [""],
        "": ["odd"],
    }


def test_a_parameter_is_the_first_one_or_the_default() -> None:
    asked = request("a=1&a=2&b=")
    assert asked.parameter("a") == "1"
    assert asked.parameter("b", "default") == ""
    assert asked.parameter("c") == ""
    assert asked.parameter("c", "default") == "default"


ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40)


@given(ASCII)
def test_a_query_is_read_as_the_standard_library_reads_it(query: str) -> None:
    assert request(query).parameters() == parse_qs(query, keep_blank_values=True)


@given(ASCII)
def test_a_path_is_unquoted_as_the_standard_library_does(path: str) -> None:
    assert web_message.unquote(path) == unquote(path)
