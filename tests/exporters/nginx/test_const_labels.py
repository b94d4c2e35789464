from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.errors import UsageError
from pillion_nginx_exporter.labels import LABELS, const_labels, parse_labels


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("team=web", (("team", "web"),)),
        ("team=", (("team", ""),)),
        ("team:web", (("team", "web"),)),
        ("url=http://a:1/b=c", (("url", "http://a:1/b=c"),)),
        ("team=web,env=prod", (("team", "web"), ("env", "prod"))),
        ("zones=a,b,c", (("zones", "a,b,c"),)),
        ("zones=a,b,env=prod", (("zones", "a,b"), ("env", "prod"))),
    ],
)
def test_labels_are_read_as_the_peer_writes_them(
    text: str, labels: tuple[tuple[str, str], ...]
) -> None:
    assert parse_labels(text) == labels


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("team", "is not a label; write label=value"),
        ("1team=web", "'1team' is not a label name: letters, digits and _, no digit first"),
        ("=web", "'' is not a label name"),
        ("__name__=web", "'__name__' is not a label name for users: __ is kept for Prometheus"),
    ],
)
def test_what_is_no_label_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        parse_labels(text)


def test_of_two_labels_with_one_name_the_later_counts() -> None:
    given_twice = ((("team", "web"),), (("team", "api"),))
    assert const_labels(given_twice, has_several_targets=False) == (("team", "api"),)


def test_a_label_named_addr_is_refused_beside_several_targets_only() -> None:
    labels = ((("addr", "here"),),)
    assert const_labels(labels, has_several_targets=False) == (("addr", "here"),)
    with pytest.raises(UsageError, match=r"--prometheus\.const-label: 'addr' is the label that"):
        const_labels(labels, has_several_targets=True)


def test_a_label_named_reason_is_refused() -> None:
    with pytest.raises(UsageError, match="'reason' is a label of"):
        const_labels(((("reason", "x"),),), has_several_targets=False)


@given(st.text())
def test_any_text_gives_labels_that_are_shown_as_they_are_read_or_a_value_error(text: str) -> None:
    try:
        labels = parse_labels(text)
    except ValueError:
        return
    assert parse_labels(LABELS.show(labels)) == labels
