"""What a configuration says of a multiline parser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError, nearest
from pillion.settings import Kind, optional, repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, TEXT, TIME, choice
from pillion_log_agent.multiline.rules import (
    DEFAULT_TIMEOUT,
    RULE,
    START,
    Definition,
    Rule,
    ending_rules,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def _milliseconds(text: str) -> float:
    """Return seconds: a bare number is of milliseconds, as fluent-bit has it."""
    seconds = TIME.parse(f"{text}ms" if text.isdecimal() else text)
    if not seconds:
        raise ValueError("is no time to wait; write milliseconds, or a number with ms or s")
    return seconds


MILLISECONDS: Kind[float] = Kind(
    "MILLISECONDS", _milliseconds, lambda seconds: f"{seconds * 1000:g}"
)


@dataclass(frozen=True, slots=True)
class MultilineProperties:
    """What a multiline parser can be told."""

    name: str = setting("name", TEXT, "As inputs and filters name it.", default="")
    type: str = setting(
        "type",
        choice("regex", "endswith", "equal", "eq"),
        "regex: by rules; endswith, equal: a line that ends in match_string, or is it, ends a "
        "record.",
        default="regex",
    )
    match_string: str | None = optional("match_string", TEXT, "For endswith and equal.")
    negate: bool = setting(
        "negate", FLAG, "For endswith and equal: the lines that do not end a record.", default=False
    )
    rule: tuple[Rule, ...] = repeated(
        "rule",
        RULE,
        "For regex: a state, the pattern of a line, and the state after it. Records begin in "
        "start_state; a next state that no rule has ends them.",
    )
    flush_timeout: float = setting(
        "flush_timeout",
        MILLISECONDS,
        "How long the rest of a record is waited for.",
        default=DEFAULT_TIMEOUT,
    )
    key_content: str | None = optional(
        "key_content", TEXT, "The field whose text is joined, where lines are parsed or records."
    )
    key_pattern: str | None = optional(
        "key_pattern", TEXT, "The field that the rules look at, where it is another."
    )
    key_group: str | None = optional(
        "key_group", TEXT, "The field whose values tell mixed streams apart, such as stream."
    )
    parser: str | None = optional("parser", TEXT, "A parser for each line, before the rules.")


def define(properties: MultilineProperties) -> Definition:
    """Return what the properties say; raises ConfigurationError with the key."""
    rules = _rules_of(properties) if properties.type == "regex" else _endings_of(properties)
    if properties.parser and not properties.key_content:
        raise ConfigurationError(
            "key_content: is missing; it names the field of the parser whose text is joined"
        )
    # A text that is joined under a key is one that was split: nothing stood between its parts.
    is_split = properties.type != "regex" and properties.key_content is not None
    return Definition(
        properties.name,
        rules,
        properties.flush_timeout,
        glue="" if is_split else "\n",
        key_content=properties.key_content,
        key_pattern=properties.key_pattern,
        key_group=properties.key_group,
        parser=properties.parser,
        takes_all=properties.type != "regex",
    )


def _rules_of(properties: MultilineProperties) -> tuple[Rule, ...]:
    for name in ("match_string", "negate"):
        if getattr(properties, name):
            raise ConfigurationError(f"{name}: is for the types endswith and equal, not for regex")
    rules = properties.rule
    states = {state for rule in rules for state in rule.states}
    if START not in states:
        raise ConfigurationError(
            f'rule: none has the state {START}, so no record would begin; write rule "{START}" '
            '"/pattern of a first line/" "cont"'
        )
    unreached = sorted(states - _reached(rules))
    for rule in rules:
        # A next state that no rule has ends a record; beside one that nothing leads to, it is
        # misspelt.
        if rule.next not in states and (meant := nearest(rule.next, unreached)):
            raise ConfigurationError(
                f"rule: no rule has the state {rule.next!r}; did you mean {meant}?"
            )
    return rules


def _reached(rules: tuple[Rule, ...]) -> set[str]:
    """Return the states that a record can come into."""
    reached: set[str] = set()
    new = {START}
    while new:
        reached |= new
        new = {rule.next for rule in rules if not reached.isdisjoint(rule.states)} - reached
    return reached


def _endings_of(properties: MultilineProperties) -> tuple[Rule, ...]:
    kind, wanted = properties.type, properties.match_string
    if not wanted:
        raise ConfigurationError(f"match_string: is missing; the type {kind} needs it")
    if properties.rule:
        raise ConfigurationError(f"rule: is for the type regex, not for {kind}")
    found: Callable[[str], object] = (
        (lambda text: text.endswith(wanted)) if kind == "endswith" else wanted.__eq__
    )
    is_end = (lambda text: not found(text)) if properties.negate else found
    words = {"endswith": "ends in", "equal": "is", "eq": "is"}[kind]
    shown = f"{'not: ' if properties.negate else ''}{words} {wanted!r}"
    return ending_rules(is_end, shown)


MULTILINE = Declaration(
    name="",
    summary="Says which lines belong together.",
    properties=MultilineProperties,
    required=("name", "type"),
    build=define,
)
