"""Inputs whose records reach no output, as far as that can be told from tags alone. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pillion_log_agent.configuration.shared import match_of
from pillion_log_agent.patterns.tags import meets_wildcard

if TYPE_CHECKING:
    from pillion_log_agent.configuration.model import Configuration, Plugin

TAG_BY_CONTENT = frozenset({"exec", "forward", "http", "opentelemetry", "rewrite_tag", "tcp"})
"""Plugins whose records may have another tag than the one that is written."""
MOST_SHOWN = 5
_FILLED_IN = re.compile(r"\*|<[^<>]+>|\$\(?\w+")


def unreached(configuration: Configuration) -> list[str]:
    """Return a sentence for each input whose records meet no output.

    A tag that is filled in later may meet all that begins and ends as it does.
    """
    if any(each.declaration.name in TAG_BY_CONTENT for each in configuration.filters):
        return []
    return [
        f"{plugin.section.place}: {plugin.title}: tag: {_tag(plugin)!r} is met by no output "
        f"({_matches(configuration)}), and its records are dropped; match {_tag(plugin)} takes them"
        for plugin in configuration.inputs
        if plugin.declaration.name not in TAG_BY_CONTENT
        and not any(may_meet(plugin, output) for output in configuration.outputs)
    ]


def may_meet(plugin: Plugin, output: Plugin) -> bool:
    """Return whether an output, or a filter, may get records of an input."""
    tag, match = _tag(plugin), match_of(output.shared)
    parts = _FILLED_IN.split(tag)
    if len(parts) == 1:
        return match.meets(tag, plugin.name)
    if match.inputs and plugin.name not in match.inputs:
        return False
    if match.match is None or match.match_regex is not None:
        return True
    wanted = match.match.split("*")
    ends = (wanted[0], parts[0]), (wanted[-1][::-1], parts[-1][::-1])
    if len(wanted) == 1:
        return meets_wildcard("*".join(parts), match.match)
    return all(one.startswith(other) or other.startswith(one) for one, other in ends)


def _tag(plugin: Plugin) -> str:
    return str(plugin.shared.tag or plugin.name)


def _matches(configuration: Configuration) -> str:
    shown = [str(match_of(output.shared)) for output in configuration.outputs]
    return ", ".join(shown[:MOST_SHOWN]) + (", ..." if len(shown) > MOST_SHOWN else "")
