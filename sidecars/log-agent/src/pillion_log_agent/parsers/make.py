"""Making parsers of what the configuration says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError, nearest
from pillion_log_agent.configuration.declaration import read_properties
from pillion_log_agent.configuration.model import Plugin, declaration_of
from pillion_log_agent.configuration.section import Problems
from pillion_log_agent.parsers.builtin import BUILT_IN, built_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion_log_agent.configuration.section import Section
    from pillion_log_agent.parsers.parsed import Parser


class Parsers:
    """The parsers of a configuration and the built-in ones, each made when it is first named."""

    def __init__(self, defined: Mapping[str, Plugin]) -> None:
        self._defined = defined
        self._made: dict[str, Parser] = {}

    def is_built_in(self, name: str) -> bool:
        """Whether the parser of that name is the built-in one."""
        return name not in self._defined and name in BUILT_IN

    def get(self, name: str) -> Parser:
        """Return a parser.

        Raises:
            ConfigurationError: there is none of that name, or it is wrong.
        """
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._make(name)
        return made

    def _make(self, name: str) -> Parser:
        plugin = self._defined.get(name)
        if plugin is not None:
            return _built(plugin)
        if name in BUILT_IN:
            return make_parser(built_in(name))
        known = sorted({*self._defined, *BUILT_IN})
        hint = nearest(name, known)
        meant = f"; did you mean {hint}?" if hint else ""
        raise ConfigurationError(f"there is no parser {name!r}{meant} (known: {', '.join(known)})")


def make_parser(section: Section) -> Parser:
    """Return the parser of one section."""
    problems = Problems()
    declaration = declaration_of("parser", section.value("format") or "")
    own, _ = read_properties(section, declaration, None, problems)
    problems.raise_if_any()
    return _built(Plugin(section, declaration, own, None, section.value("name") or ""))


def _built(plugin: Plugin) -> Parser:
    build = plugin.declaration.build
    assert build is not None
    try:
        parser: Parser = build(plugin.properties)
    except ValueError as error:
        raise ConfigurationError(
            f"{plugin.section.place}: [PARSER] {plugin.name}: {error}"
        ) from None
    return parser
