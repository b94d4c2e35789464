"""The multiline parsers of a configuration, by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError, nearest
from pillion_log_agent.multiline.builtin import BUILT_IN, built_in
from pillion_log_agent.multiline.definition import define

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion_log_agent.configuration.model import Plugin
    from pillion_log_agent.multiline.rules import Definition
    from pillion_log_agent.parsers.runtime import RuntimeName

RUNTIMES: tuple[RuntimeName, ...] = ("docker", "cri")


class MultilineParsers:
    """Finds parsers by name, whatever its case; one that is defined comes before a built-in one."""

    def __init__(self, defined: Mapping[str, Plugin]) -> None:
        self._defined = {name.lower(): plugin for name, plugin in defined.items()}
        self._made: dict[str, Definition] = {}

    def is_runtime(self, name: str) -> bool:
        """Whether it is the built-in docker or cri, which join what a runtime has split."""
        return name.lower() in RUNTIMES and name.lower() not in self._defined

    def get(self, name: str) -> Definition:
        """Return a parser other than docker and cri.

        Raises:
            ConfigurationError: there is none of that name, or it is wrong in itself.
        """
        key = name.lower()
        plugin = self._defined.get(key)
        if plugin is None:
            if key not in BUILT_IN:
                raise self._unknown(name)
            return built_in(key)
        if key not in self._made:
            if not plugin.is_sound:
                raise ConfigurationError(
                    f"multiline.parser: the parser {name!r} at {plugin.section.place} is wrong"
                )
            self._made[key] = define(plugin.properties)
        return self._made[key]

    def _unknown(self, name: str) -> ConfigurationError:
        known = sorted({*self._defined, *BUILT_IN, *RUNTIMES})
        hint = nearest(name.lower(), known)
        meant = f"; did you mean {hint}?" if hint else ""
        return ConfigurationError(
            f"multiline.parser: there is no multiline parser {name!r}{meant} "
            f"(known: {', '.join(known)})"
        )
