"""A lazy step that was made quick finds what it found before."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion_log_agent.patterns.lazy import quickened
from pillion_log_agent.patterns.tree import compile_tree, parse

PATTERNS = [
    r'^"(\S+)(?: +([^"]*?)(?: +\S*)?)?" (.*)$',
    r"a*?b",
    r"(.*?) (.*?):(.*)",
    r"(.+?)(?:,|;)(.*)",
    r"([^,]*?),([^,]*?)(?:;|$)",
    r"(?:(.*?)=(.*?)(?:&|$))+",
    r"(.*?)(?P<x>[ab]c?)(?P=x)",
    r"(.*?)(?:a|b|)c",
    r"(.*?)$",
    r"(.*?)(?=a)b*",
    r"((?:.*?a)*?)b",
    r"([^a]+?)(a|b)",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=st.text('ab,;:=& "\\c/\n', max_size=14))
def test_groups_are_the_same(pattern: str, text: str) -> None:
    flags = re.MULTILINE
    quick = compile_tree(quickened(parse(pattern, flags)))
    before, after = re.compile(pattern, flags).search(text), quick.search(text)
    assert (before and before.regs) == (after and after.regs)


def test_a_long_step_takes_no_time_a_character() -> None:
    tree = quickened(parse(r'"([^"]*?)(?: +\S*)?"', 0))
    assert "MIN_REPEAT, (0, MAXREPEAT, [(IN" not in str(list(tree))
    assert compile_tree(tree).search('"' + "x" * 100_000 + '"') is not None
