"""Showing a configuration: as fluent-bit's YAML, and as a drawing of the pipeline."""

from __future__ import annotations

from time import time_ns
from typing import TYPE_CHECKING, Any

from pillion.log import Logger
from pillion_log_agent.configuration.condition import written
from pillion_log_agent.configuration.load import default_path, load
from pillion_log_agent.configuration.section import Problems
from pillion_log_agent.configuration.shared import match_of
from pillion_log_agent.filters.filter import FilterContext
from pillion_log_agent.multiline.definition import define
from pillion_log_agent.multiline.rules import RULE
from pillion_log_agent.parsers.make import Parsers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pillion_log_agent.configuration.model import Configuration, Plugin
    from pillion_log_agent.configuration.section import Section
    from pillion_log_agent.patterns.tags import Match
    from pillion_log_agent.settings import AgentSettings

_LISTS = {"input": "inputs", "filter": "filters", "output": "outputs"}


def show(settings: AgentSettings, environment: Mapping[str, str]) -> str:
    """Return what `--config.convert` or `--config.explain` prints.

    Raises:
        ConfigurationError: the configuration is wrong; every error is in it.
    """
    problems = Problems()
    configuration = load(default_path(settings.config_file), environment, problems)
    problems.raise_if_any()
    if settings.config_convert:
        return as_yaml(configuration.sections)
    drawing = explained(configuration, settings.tag)
    if settings.config_sample is None:
        return drawing
    return drawing + touched(configuration, settings.config_sample, settings.tag, environment)


def touched(
    configuration: Configuration, path: str, tag: str | None, environment: Mapping[str, str]
) -> str:
    """Return what each filter `redact` does to a file of samples.

    Raises:
        ConfigurationError: the file cannot be read, or a filter is wrong.
    """
    from pillion_log_agent.filters.redact.preview import preview  # only for this  # noqa: PLC0415

    lines: list[str] = []
    with_processors = (*configuration.inputs, *configuration.outputs)
    for plugin in (
        *(each for each in configuration.filters if tag is None or _meets(each, tag)),
        *(each for owner in with_processors for each in owner.processors),
    ):
        if plugin.declaration.name == "redact" and plugin.declaration.build is not None:
            context = FilterContext(plugin.name, Logger(), Parsers({}).get, time_ns, environment)
            redact = plugin.declaration.build(plugin.properties, context)
            lines += ["", _named(plugin), *preview(redact, path)]
    return "\n".join([*lines, ""]) if lines else "\nno filter redact\n"


def as_yaml(sections: Sequence[Section]) -> str:
    """Return the sections in the YAML form; a key that is there several times has a list."""
    import yaml  # 2.6 MB, and only for this  # noqa: PLC0415

    pipeline: dict[str, list[Any]] = {}
    document: dict[str, Any] = {}
    for section in sections:
        values = _values(section)
        if section.kind == "service":
            # The parsers of its files stand in the document itself.
            values.pop("parsers_file", None)
            document.setdefault("service", {}).update(values)
        elif section.kind in _LISTS:
            pipeline.setdefault(_LISTS[section.kind], []).append(values)
        else:
            document.setdefault(f"{section.kind}s", []).append(values)
    document["pipeline"] = pipeline
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10_000)
    return text


def _values(section: Section) -> dict[str, Any]:
    found: dict[str, list[str]] = {}
    for entry in section.entries:
        found.setdefault(entry.key.lower(), []).append(entry.value)
    shown: dict[str, Any] = {
        key: values[0] if len(values) == 1 else values for key, values in found.items()
    }
    if section.processors:
        shown["processors"] = {"logs": [_values(each) for each in section.processors]}
    if section.condition is not None:
        shown["condition"] = written(section.condition)
    if section.kind == "multiline_parser" and "rule" in found:
        del shown["rule"]
        shown["rules"] = [_rule(text) for text in found["rule"]]
    return shown


def _rule(text: str) -> dict[str, str]:
    """Return a rule of the classic form as the YAML form has it."""
    rule = RULE.parse(text)
    return {"state": ", ".join(rule.states), "regex": rule.source, "next_state": rule.next}


def explained(configuration: Configuration, tag: str | None) -> str:
    """Return the pipeline as a drawing; with a tag, only what its records meet."""
    lines: list[str] = []
    if tag is None:
        lines += [
            f"{_named(plugin)}  tag {plugin.shared.tag or plugin.name}{_joining(plugin)}"
            f"{_processors(plugin)}"
            for plugin in configuration.inputs
        ]
    else:
        lines.append(f"records with the tag {tag}")
    filters = [each for each in configuration.filters if tag is None or _meets(each, tag)]
    outputs = [each for each in configuration.outputs if tag is None or _meets(each, tag)]
    for plugin in filters:
        lines += ["  |", f"  v  {_named(plugin)}  match {_match(plugin)}{_joining(plugin)}"]
    lines.append("  |")
    for number, plugin in enumerate(outputs):
        corner = "`" if number == len(outputs) - 1 else "+"
        lines.append(f"  {corner}-> {_named(plugin)}  match {_match(plugin)}{_processors(plugin)}")
    if not outputs:
        lines.append("  `-> no output: they are counted as dropped, no_output")
    if tag is None:
        for plugin in configuration.multiline_parsers.values():
            lines += ["", *_multiline_parser(plugin)]
    return "\n".join([*lines, ""])


def _processors(plugin: Plugin) -> str:
    """Return the processors of a plugin, as the end of its line."""
    names = [each.declaration.name for each in plugin.processors]
    return f"  processors {', '.join(names)}" if names else ""


def _joining(plugin: Plugin) -> str:
    """Return which multiline parsers a plugin has, as the end of its line."""
    names = [
        entry.value for entry in plugin.section.entries if entry.key.lower() == "multiline.parser"
    ]
    return f"  multiline.parser {', '.join(names)}" if names else ""


def _multiline_parser(plugin: Plugin) -> list[str]:
    """Return the rules of a parser, a line for each."""
    definition = define(plugin.properties)
    head = f"[multiline_parser] {definition.name}  flush_timeout {definition.timeout:g}s"
    return [
        head,
        *(
            f"    {', '.join(rule.states)}  {rule.source}  -> {rule.next}"
            for rule in definition.rules
        ),
    ]


def _named(plugin: Plugin) -> str:
    alias = f" ({plugin.shared.alias})" if plugin.shared.alias else ""
    return f"[{plugin.section.kind}] {plugin.declaration.name}{alias}"


def _match(plugin: Plugin) -> Match:
    return match_of(plugin.shared)


def _meets(plugin: Plugin, tag: str) -> bool:
    return _match(plugin).meets(tag)
