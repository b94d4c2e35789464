"""No line may stop the agent: known bad patterns and the stock ones, on lines of 1 MiB."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from pillion_log_agent.multiline import builtin as multiline_builtin
from pillion_log_agent.parsers.builtin import BUILT_IN, built_in
from pillion_log_agent.patterns.engines import BoundedEngine, GivenUp
from pillion_log_agent.patterns.ruby import translate, translate_proven
from tests.sidecars.log_agent.hostile import KNOWN_BAD, LONGEST, grown

if TYPE_CHECKING:
    from pillion_log_agent.patterns.pattern import Pattern

LIMIT = 1.0
WITNESS = re.compile(r"such as (['\"].*['\"])$")


def seconds(pattern: Pattern, text: str) -> float:
    """Return how long a pattern takes, in CPU time of this process: its own waits are short."""
    began = time.process_time()
    pattern.search(text)
    return time.process_time() - began


def longest_wait(pattern: Pattern, text: str) -> float:
    began = time.monotonic()
    pattern.search(text)
    return time.monotonic() - began


@pytest.mark.parametrize(("source", "beginning", "repeated", "end"), KNOWN_BAD)
def test_a_known_bad_pattern_takes_a_line_of_any_length_in_a_second(
    source: str, beginning: str, repeated: str, end: str
) -> None:
    pattern = translate(source)
    for length in (100, 10_000, LONGEST):
        assert seconds(pattern, grown(beginning, repeated, end, length)) < LIMIT


def test_there_are_forty_known_bad_patterns() -> None:
    assert len({source for source, *_ in KNOWN_BAD}) >= 40


def regexes() -> list[tuple[str, str]]:
    found = []
    for name in BUILT_IN:
        source = built_in(name).value("regex")
        if source:
            found.append((name, source))
    return found


@pytest.mark.parametrize(("name", "source"), regexes())
def test_a_stock_parser_is_linear_on_every_line(name: str, source: str) -> None:
    pattern = translate(source)
    if name == "kube-custom":  # for tags, which are short
        assert pattern.engine == "RE2"
        return
    assert pattern.linear is not None
    assert pattern.linear_for in ("all", "lines")
    hard = ['- - - [] "GET', "[x] [y] ", "<1>1 a b c 1 d [", "a 0 b [c] ", 'time="', ""]
    for beginning in hard:
        for repeated in (" ", "a", '"', "[", "- ", "1ms ", 'time="'):
            assert seconds(pattern, grown(beginning, repeated, "!")) < LIMIT


@pytest.mark.parametrize("name", multiline_builtin.BUILT_IN)
def test_a_stock_multiline_parser_is_linear_on_every_line(name: str) -> None:
    table, _ = multiline_builtin._TABLES[name]
    for _, source, _ in table:
        pattern = translate(source)
        assert pattern.linear is not None, source
        assert pattern.linear_for in ("all", "lines"), source


def test_what_is_taken_as_proven_runs_as_what_was_proven() -> None:
    proven = translate_proven(r"^(?<a>\S+) (?<b>.*)$")
    assert proven.captured("x y z") == {"a": "x", "b": "y z"}
    assert proven.captured("\nx y") == translate(r"^(?<a>\S+) (?<b>.*)$").captured("\nx y")


@pytest.mark.parametrize(
    ("source", "engine"),
    [
        (r"^(?<a>\S+) (?<b>.*)$", "re"),
        (r"\w+Exception", "re"),
        (r"^(?<x>(a+)+)$", "RE2"),
        (r"(?<q>['\"])(?<a>.*?)\k<q>", "a process"),
    ],
)
def test_each_pattern_has_the_engine_that_is_bound_to_end(source: str, engine: str) -> None:
    pattern = translate(source)
    assert pattern.engine == engine
    assert (pattern.linear is not None) is (engine == "re")


def test_why_a_pattern_is_slow_is_said_with_a_text_that_shows_it() -> None:
    found = WITNESS.search(translate(r"^(?<x>(a+)+)$").why)
    assert found is not None
    assert set(found[1].strip("'\"")) == {"a"}


def test_the_process_gives_what_re_gives() -> None:
    engine = BoundedEngine(r"(?P<q>['\"])(.*?)(?P=q)(x)?", int(re.MULTILINE), GivenUp())
    assert engine.search("a 'b\u00e9' c") == ("'b\u00e9'", "'", "b\u00e9", None)
    assert engine.search("no quotes") is None


def test_a_line_that_takes_too_long_is_given_up_and_counted_and_the_next_is_not() -> None:
    now = [0.0]
    given_up = GivenUp()
    engine = BoundedEngine(r"^(?=(\w+\s?)*$)x|(y)", int(re.MULTILINE), given_up, lambda: now[0])
    assert engine.search("y") is not None
    assert engine.search("word " * 20 + "!") is None
    assert given_up.lines == 1
    now[0] += 1
    assert engine.search("y") == ("y", None, "y")
    assert given_up.lines == 1


def test_many_hard_lines_take_a_share_of_the_time_only() -> None:
    now = [0.0]
    given_up = GivenUp()
    engine = BoundedEngine("x", 0, given_up, lambda: now[0])

    class Hanging:
        def start(self) -> bool:
            return False

        def search(self, _text: str, seconds: float) -> None:
            now[0] += seconds
            raise TimeoutError

    engine._worker = Hanging()  # type: ignore[assignment]
    for _ in range(10_000):
        engine.search("hard")
        now[0] += 0.0001
    assert given_up.lines == 10_000
    assert now[0] < 1.4  # 10,000 lines at 0.1 ms, and what waits for them: a fifth of all, and 0.1


def test_a_line_of_1_mib_is_over_before_anybody_waits_for_the_health() -> None:
    pattern = translate(KNOWN_BAD[0][0])
    assert min(longest_wait(pattern, grown("", "a", "!")) for _ in range(3)) < 0.5
