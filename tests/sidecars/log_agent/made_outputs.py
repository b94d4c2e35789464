"""Outputs made of properties, as a configuration would make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.log import Logger
from pillion_log_agent.configuration.declaration import read_properties
from pillion_log_agent.configuration.model import declaration_of
from pillion_log_agent.configuration.section import Entry, Place, Problems, Section
from pillion_log_agent.outputs.output import OutputContext

if TYPE_CHECKING:
    from pillion_log_agent.outputs.output import Output

NOW = 1_795_255_200_123_456_789


def made_output(name: str, *entries: tuple[str, str]) -> Output:
    """Return the output; ConfigurationError with all that is wrong."""
    place = Place("test", 1)
    problems = Problems()
    declaration = declaration_of("output", name)
    section = Section("output", place, tuple(Entry(key, value, place) for key, value in entries))
    own, _ = read_properties(section, declaration, None, problems)
    problems.raise_if_any()
    assert declaration.build is not None
    found: Output = declaration.build(own, OutputContext(name, Logger(), lambda: NOW))
    return found
