"""The rules of a multiline parser: which line begins a record, and which goes on with it. Pure.

A rule holds in one or several states. A line that a rule of `start_state` fits begins a record;
after it the record is in the state that the rule names next, and the rules of that state say which
lines go on with it. Source: "Multiline parsing" of fluent-bit's manual.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import Kind
from pillion_log_agent.patterns.ruby import translate

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.patterns.pattern import Pattern

START = "start_state"
DEFAULT_TIMEOUT = 4.0
_QUOTED = re.compile(r'"([^"]*)"\s+"(.*)"\s+"([^"]*)"')
_BARE = re.compile(r"(\S+)\s+(/.*/[imxo]*|\S+)\s+(\S+)")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        states: in which it holds.
        matches: whether a line without its newline fits; any true value says so.
        next: the state after the line; `start_state`, or one that no rule has, ends the record.
        source: how it is shown.
        patterns: the pattern of `matches`, where it is one.
    """

    states: tuple[str, ...]
    matches: Callable[[str], object]
    next: str
    source: str
    patterns: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """One multiline parser.

    Attributes:
        name: as inputs and filters name it.
        rules: in order; the first that fits is taken.
        timeout: seconds that the rest of a record is waited for.
        needles: texts of which every line that begins a record has one; none when that cannot
            be said. They spare the patterns most lines.
        glue: what stands between two lines of a record.
        key_content: the field that is joined.
        key_pattern: the field that the rules look at, where it is another.
        key_group: the field whose values tell streams apart that are mixed.
        parser: parses each line first.
        takes_all: any line begins a record, or goes on with one.
    """

    name: str
    rules: tuple[Rule, ...]
    timeout: float = DEFAULT_TIMEOUT
    needles: tuple[str, ...] = ()
    glue: str = "\n"
    key_content: str | None = None
    key_pattern: str | None = None
    key_group: str | None = None
    parser: str | None = None
    takes_all: bool = False


def pattern_rule(states: str, pattern: Pattern, following: str) -> Rule:
    """Return the rule of a pattern; several states have commas between them."""
    names = tuple(name for part in states.split(",") if (name := part.strip()))
    return Rule(names, pattern.search, following.strip(), pattern.source, (pattern,))


def ending_rules(is_end: Callable[[str], object], source: str) -> tuple[Rule, ...]:
    """Return the rules by which every line goes on with a record, and some lines end it."""
    states = (START, "open")
    return (
        Rule(states, is_end, START, source),
        Rule(states, lambda _: True, "open", "any other line"),
    )


def _parse_rule(text: str) -> Rule:
    found = _QUOTED.fullmatch(text.strip()) or _BARE.fullmatch(text.strip())
    if not found:
        raise ValueError('is no rule; write "state" "/pattern/" "next state"')
    states, pattern, following = found.groups()
    if not states.strip() or not following.strip():
        raise ValueError('is no rule: a state is empty; write "state" "/pattern/" "next state"')
    return pattern_rule(states, translate(pattern), following)


def _shown(rule: Rule) -> str:
    return f'"{", ".join(rule.states)}" "{rule.source}" "{rule.next}"'


RULE: Kind[Rule] = Kind('"STATE" "REGEX" "NEXT"', _parse_rule, _shown)
