"""The patterns of a configuration that are not proven linear, each with where it is written."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from pillion_log_agent.patterns.engines import LINE_SECONDS
from pillion_log_agent.patterns.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pillion_log_agent.configuration.model import Configuration, Plugin

_ENGINES = {
    "re": "",
    "RE2": "RE2 runs it, in some 20 us a line",
    "a process": "it runs in a process of its own, and a line that takes it longer than "
    f"{LINE_SECONDS * 1000:g} ms goes on as if it did not match",
}


@dataclass(frozen=True, slots=True)
class SlowPattern:
    """One of them.

    Attributes:
        name: where it is written: `parsers.conf:3: [PARSER] app: regex`.
    """

    name: str
    pattern: Pattern

    def __str__(self) -> str:
        return (
            f"{self.name}: the pattern is slow: {self.pattern.why}; {_ENGINES[self.pattern.engine]}"
        )


def slow_patterns(configuration: Configuration) -> list[SlowPattern]:
    """Return the patterns that `re` does not run, in the order of the configuration."""
    with_processors = (*configuration.inputs, *configuration.outputs)
    plugins: Iterable[Plugin] = (
        *configuration.parsers.values(),
        *configuration.multiline_parsers.values(),
        *configuration.inputs,
        *configuration.filters,
        *configuration.outputs,
        *(each for plugin in with_processors for each in plugin.processors),
    )
    return [
        SlowPattern(_name(plugin, pattern), pattern)
        for plugin in plugins
        for properties in (plugin.properties, plugin.shared)
        for pattern in _patterns_in(properties)
        if pattern.linear is None
    ]


def _patterns_in(value: Any) -> Iterator[Pattern]:
    if isinstance(value, Pattern):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _patterns_in(each)
    elif is_dataclass(value):
        for each in fields(value):
            yield from _patterns_in(getattr(value, each.name))


def _name(plugin: Plugin, pattern: Pattern) -> str:
    section = plugin.section
    named = section.value("name") or section.value("alias") or ""
    title = f"[{section.kind.upper()}] {named}".rstrip()
    for entry in section.entries:
        if pattern.source in entry.value:
            return f"{entry.place}: {title}: {entry.key}"
    return f"{section.place}: {title}"
