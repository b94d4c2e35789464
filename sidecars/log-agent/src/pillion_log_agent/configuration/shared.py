"""The properties that every input, filter and output has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import optional, repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import LIST, PATTERN, RETRIES, SIZE, TEXT
from pillion_log_agent.configuration.reasons import NO_DISK, ONE_THREAD, SAID_ONCE
from pillion_log_agent.patterns.tags import Match

if TYPE_CHECKING:
    from pillion_log_agent.patterns.pattern import Pattern

_ALIAS = "The name in metrics and the log; else the plugin's with a number."


@dataclass(frozen=True, slots=True)
class InputProperties:
    """What every input has."""

    tag: str | None = optional("tag", TEXT, "The tag of its records; the name when not given.")
    alias: str | None = optional("alias", TEXT, _ALIAS)
    mem_buf_limit: int | None = optional(
        "mem_buf_limit", SIZE, "The most bytes of this input in flight."
    )


@dataclass(frozen=True, slots=True)
class FilterProperties:
    """What every filter has."""

    match: str | None = optional("match", TEXT, "The tags that it meets; * is any text.")
    match_regex: Pattern | None = optional("match_regex", PATTERN, "The same as a pattern.")
    match_others: tuple[Pattern, ...] = repeated(
        "match_others_regex", PATTERN, "Further patterns that have to meet the tag as well."
    )
    match_none_of: tuple[Pattern, ...] = repeated(
        "match_none_of_regex", PATTERN, "Patterns of which none may meet the tag."
    )
    match_inputs: tuple[str, ...] = setting(
        "match_inputs", LIST, "The inputs, by alias, whose records alone are met.", default=()
    )
    alias: str | None = optional("alias", TEXT, _ALIAS)


@dataclass(frozen=True, slots=True)
class OutputProperties:
    """What every output has."""

    match: str | None = optional("match", TEXT, "The tags that it meets; * is any text.")
    match_regex: Pattern | None = optional("match_regex", PATTERN, "The same as a pattern.")
    match_others: tuple[Pattern, ...] = repeated(
        "match_others_regex", PATTERN, "Further patterns that have to meet the tag as well."
    )
    match_none_of: tuple[Pattern, ...] = repeated(
        "match_none_of_regex", PATTERN, "Patterns of which none may meet the tag."
    )
    match_inputs: tuple[str, ...] = setting(
        "match_inputs", LIST, "The inputs, by alias, whose records alone are met.", default=()
    )
    alias: str | None = optional("alias", TEXT, _ALIAS)
    retry_limit: int | None = setting(
        "retry_limit",
        RETRIES,
        "How often a batch is tried again before it goes to the dead-letter file. Unlike "
        "fluent-bit, which drops after one retry, the default never gives up: the log file is "
        "the buffer.",
        default=None,
    )


def match_of(shared: FilterProperties | OutputProperties) -> Match:
    """Return which records a filter or an output meets."""
    return Match(
        shared.match,
        shared.match_regex,
        shared.match_others,
        shared.match_none_of,
        shared.match_inputs,
    )


INPUT = Declaration(
    name="",
    summary="What every input has.",
    properties=InputProperties,
    accepted={
        "log_level": "one level holds for the process",
        "log_suppress_interval": SAID_ONCE,
        "threaded": ONE_THREAD,
        "thread.ring_buffer.capacity": ONE_THREAD,
        "thread.ring_buffer.window": ONE_THREAD,
        "storage.type": NO_DISK,
        "storage.pause_on_chunks_overlimit": NO_DISK,
        "routable": "an input that goes nowhere is left out",
    },
)
FILTER = Declaration(
    name="",
    summary="What every filter has.",
    properties=FilterProperties,
    accepted={
        "log_level": "one level holds for the process",
        "log_suppress_interval": SAID_ONCE,
    },
)
OUTPUT = Declaration(
    name="",
    summary="What every output has.",
    properties=OutputProperties,
    accepted={
        "log_level": "one level holds for the process",
        "log_suppress_interval": SAID_ONCE,
        "workers": ONE_THREAD,
        "storage.total_limit_size": NO_DISK,
    },
)
