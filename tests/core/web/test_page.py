"""The frame of landing pages."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.web.page import (
    STYLE,
    STYLE_HASH,
    escape,
    link_list,
    page,
    paragraph,
    section,
    sparkline,
    stacked,
    table,
)

EVIL = "<script>alert('1')</script>\"&"


def body(*parts: str, **options: str) -> str:
    made = page("x", *parts, **options)  # type: ignore[arg-type]
    assert made.text is not None
    return made.text


def test_all_text_is_escaped() -> None:
    text = body(
        section(EVIL, table([EVIL], [[EVIL]]), paragraph(EVIL)),
        link_list({EVIL: EVIL}),
        sparkline([1, 2], EVIL),
        state=EVIL,
        summary=EVIL,
    )
    assert "<script" not in text
    assert text.count("&lt;script&gt;") == 9


def test_nothing_may_come_from_elsewhere() -> None:
    made = page("x")
    policy = dict(made.headers)["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "http" not in policy
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", str(made.text))


def test_the_policy_admits_the_style_that_is_there() -> None:
    digest = hashlib.sha256(STYLE.encode()).digest()
    assert f"sha256-{base64.b64encode(digest).decode()}" == STYLE_HASH


def test_the_badge_says_how_it_is() -> None:
    assert '<span class="badge good">up</span>' in body(state="up")
    assert '<span class="badge bad">down</span>' in str(page("x", state="down", is_good=False).text)


def test_links_are_relative_so_that_they_hold_behind_a_prefix() -> None:
    assert 'href="metrics"' in link_list({"/metrics": "Metrics"})
    assert 'href="."' in link_list({"/": "Home"})


def test_a_page_may_load_itself_anew() -> None:
    assert 'http-equiv="refresh" content="5"' in str(page("x", refresh=5).text)
    assert "refresh" not in body()


def test_numbers_are_set_to_the_right_and_pictures_are_drawn() -> None:
    text = table(["name", "value", ""], [["a", 1.5, sparkline([0, 5, 10], "rate")]])
    assert '<td class="number">1.5</td>' in text
    assert "<polyline" in text


def test_a_sparkline_goes_from_zero_to_its_highest() -> None:
    text = sparkline([0, 5, 10], "requests per second")
    assert "<title>requests per second</title>" in text
    assert 'points="0.0,26.0 80.0,14.0 160.0,2.0"' in text


def test_a_sparkline_of_nothing_is_an_empty_picture() -> None:
    for values in (
        [],
        [1.0],
    ):
        assert "<polyline" not in sparkline(values, "x")
    assert "polyline" in sparkline([0, 0], "x")


@given(st.lists(st.floats(0, 1e12), max_size=50), st.text())
def test_any_figures_and_label_give_well_formed_html(values: list[float], label: str) -> None:
    parser = HTMLParser()
    parser.feed(str(page(label, sparkline(values, label)).text))
    parser.close()
    assert escape(label) in sparkline(values, label)


def test_layers_stand_one_upon_the_other() -> None:
    picture = stacked([("good", [1.0, 3.0]), ("bad", [1.0, 0.0])], "a <label>")
    assert "<title>a &lt;label&gt;</title>" in picture
    assert 'class="fill-good" points="0.0,48.0 300.0,0.0 300.0,72.0 0.0,72.0"' in picture
    assert 'class="fill-bad" points="0.0,24.0 300.0,0.0 300.0,0.0 0.0,48.0"' in picture


@pytest.mark.parametrize("layers", [[], [("good", [1.0])], [("good", [0.0, 0.0])]])
def test_what_cannot_be_drawn_is_an_empty_picture(layers: list[tuple[str, list[float]]]) -> None:
    assert "polygon" not in stacked(layers, "")
