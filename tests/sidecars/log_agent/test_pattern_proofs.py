"""What is proven of patterns, held against `re` itself: its time, and what it finds.

The patterns and the texts are made at random, and know nothing of the proof.
"""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from pillion_log_agent.patterns.ruby import translate

QUIET = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
LENGTH = 12_000
LINEAR_SECONDS = 0.12
"""At 12,000 characters: what is linear takes some milliseconds, what is quadratic 0.3 s or more."""

single = st.sampled_from(
    ["a", "b", " ", ".", r"\d", r"\w", r"\s", r"\S", "[ab]", "[^a]", "[^ ]", '[^"]', '"', "1", "-"]
)
anchors = st.sampled_from(["^", "$", r"\b", "(?!a)", "(?=b)", "(?<!a)", "(?<=b)"])
quantifiers = st.sampled_from(
    ["", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "*+", "++"]
)


@st.composite
def patterns(draw: st.DrawFn, depth: int = 2) -> str:
    """Return a pattern of a few parts."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.integers(0, 9))
        if kind < 6 or depth == 0:
            parts.append(draw(single) + draw(quantifiers))
        elif kind == 6:
            parts.append(draw(anchors))
        elif kind == 7:
            first, second = draw(patterns(depth=depth - 1)), draw(patterns(depth=depth - 1))
            parts.append(f"(?:{first}|{second}){draw(quantifiers)}")
        else:
            parts.append(f"({draw(patterns(depth=depth - 1))}){draw(quantifiers)}")
    return "".join(parts)


# Ruby's \d \s \w are ASCII, its \b is not.
CLASSES = {"d": "[0-9]", "w": "[a-zA-Z0-9_]", "s": r"[\t-\r ]", "S": r"[^\t-\r ]"}
ASCII = re.compile(r"\\([dwsS])")
pieces = st.text(alphabet='ab1 "-\t\n\u00e9', min_size=0, max_size=4)


def runs(pattern: str) -> re.Pattern[str]:
    """Return a pattern as `re` has it, for those that are written alike in Ruby."""
    try:
        return re.compile(ASCII.sub(lambda found: CLASSES[found[1]], pattern), re.MULTILINE)
    except re.error:
        assume(condition=False)
        raise


@QUIET
@given(patterns(), pieces, pieces.filter(bool), pieces)
@example("(?:a|a)*b", "", "a", "")
@example(r"\s*$", "", " ", "x")
@example("(a?){2}a+?$", "", "a", "b")
@example("(?:a*b?)+c", "", "ab", "")
@example("(?!(a|b)*c)d", "", "ab", "")
@example("a++a*b", "", "a", "")
@example("(a|b)*(?<!a)c", "", "ab", "a")
def test_what_is_proven_linear_is_linear(
    source: str, beginning: str, repeated: str, end: str
) -> None:
    runs(source)
    pattern = translate(source)
    assume(pattern.linear is not None)
    text = beginning + repeated * (LENGTH // len(repeated)) + end
    took = []
    for _ in range(3):  # the machine may be busy
        began = time.process_time()
        pattern.search(text)
        took.append(time.process_time() - began)
        if took[-1] < LINEAR_SECONDS:
            return
    raise AssertionError(f"{source!r} took {min(took):.2f} s on {repeated!r}: {pattern}")


@QUIET
@given(patterns(), st.lists(pieces, min_size=1, max_size=6).map("".join))
@example("(a)|b", "ba")
@example("a*?b", "aab\nab")
@example("(1+)-", "x11-")
@example("a.*b", "xa\nab")
@example("(a*)(?!a)1", "a aa1")
def test_whatever_runs_a_pattern_finds_what_re_finds(source: str, text: str) -> None:
    plain = runs(source).search(text)
    pattern = translate(source)
    found = pattern.search(text)
    assume(not pattern.given_up.lines)
    assert (found is None) is (plain is None)


@QUIET
@given(patterns(), patterns(), st.lists(pieces, min_size=1, max_size=6).map("".join))
@example("a", "[^ ]*", "a b")
@example(r"\d+", ".*", "x12 13")
def test_whatever_runs_a_pattern_captures_what_re_captures(
    first: str, second: str, text: str
) -> None:
    plain = runs(f"(?P<x>{first})(?P<y>{second})").search(text)
    pattern = translate(f"(?<x>{first})(?<y>{second})")
    found = pattern.captured(text)
    assume(not pattern.given_up.lines)
    expected = plain and {name: value for name, value in plain.groupdict().items() if value}
    assert found == expected


@pytest.mark.parametrize(
    ("source", "text", "found"),
    [
        # A newline in the text, where the proof is of lines only.
        (r"^(?<a>[^ ]+) (?<b>[^ ]+)$", "x\ny z", {"a": "x\ny", "b": "z"}),
        # A tab, where it is of what can be printed.
        (r"^(?<a>\d+)\s+(?<b>.*)\s+\[(?<c>.*)\]$", "1\tx\t[y]", {"a": "1", "b": "x", "c": "y"}),
        (r"^(?<a>\d+)\s+(?<b>.*)\s+\[(?<c>.*)\]$", "1 x [y]", {"a": "1", "b": "x", "c": "y"}),
        # What RE2 runs: Unicode, groups that took no part, letter case.
        (r"(?i)^(?<a>(?:\u00e9+)+)(?<b>x)?$", "\u00c9\u00e9", {"a": "\u00c9\u00e9"}),
        (r"^(?<a>[[:alpha:]]+)*$", "na\u00efve", {"a": "na\u00efve"}),
        (r"(?<a>(?:\bx\b ?)+)+$", "\u00e9 x x", {"a": "x x"}),
    ],
)
def test_what_the_proof_does_not_hold_for_is_found_all_the_same(
    source: str, text: str, found: dict[str, str]
) -> None:
    assert translate(source).captured(text) == found


@pytest.mark.parametrize(
    "source",
    [
        r"^(?<time>[^ ]+) (?<stream>stdout|stderr) (?<logtag>[^ ]*) (?<message>.*)$",
        r"^\[(?<time>[^\]]+)\] (?<level>\w+): (?<message>.+)$",
        r"^(?<time>.*?),(?<rest>.*)$",
        r"ERROR|WARN|FATAL",
        r".*error.*",
        r"error.*timeout",
        r"GET /health.* 200",
        r"(?<n>\d+)ms",
        r"\w+(?:Error|Exception):",
        r"^(?!\d{4}-\d\d)",
        r"^\s+at .*",
        r"(?i)failed",
        r"\berror\b",
        r"(\d{1,3}\.){3}\d{1,3}",
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[^ ]* (?<m>.*)$",
    ],
)
def test_what_people_write_is_proven(source: str) -> None:
    pattern = translate(source)
    assert pattern.linear is not None, pattern.why
    assert pattern.linear_for != "printable"


REQUEST = (
    r'^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)'
    r'(?: +(?<path>[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)'
    r'(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)")'
)
LINE = '1.2.3.4 - bob [21/Nov/2026:10:00:00 +0000] "GET /a?b=c HTTP/1.1" 200 51 "-" "curl/8"'


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(LINE)),
            st.sampled_from(['"', " ", "  ", "x", '" "', '"-"', "HTTP/1.1", "\t"]),
            st.integers(0, 6),
        ),
        max_size=5,
    )
)
@example([(len(LINE), ' "x y" "z"', 0)])
def test_an_access_log_s_ordinary_lines_are_found_by_re_as_the_pattern_finds_them(
    changes: list[tuple[int, str, int]],
) -> None:
    line = LINE
    for place, text, removed in changes:
        line = line[:place] + text + line[place + removed :]
    pattern = translate(REQUEST)
    assert pattern.ordinary is not None
    plain = re.compile(REQUEST.replace("(?<", "(?P<"), re.MULTILINE | re.ASCII).search(line)
    ordinary = pattern.ordinary.match(line)
    if ordinary is not None:
        assert plain is not None
        assert ordinary.groups() == plain.groups()
    expected = plain and {name: value for name, value in plain.groupdict().items() if value}
    assert pattern.captured(line) == expected


def test_an_ordinary_line_of_an_access_log_needs_no_other_engine() -> None:
    pattern = translate(REQUEST)
    assert pattern.ordinary is not None
    assert pattern.ordinary.match(LINE) is not None
