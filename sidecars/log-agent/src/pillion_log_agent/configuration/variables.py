"""`${NAME}` in values: replaced by what the environment, `env` or `@SET` gives it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion_log_agent.configuration.section import Place, Section

EXPANSION_LIMIT = 8 * 1024 * 1024
MISSING_LIMIT = 100
_VARIABLE = re.compile(r"\$\{([^${}]*)\}")


@dataclass(slots=True)
class Variables:
    """The variables that are known while files are read.

    Attributes:
        environment: of the process.
        assigned: by the files, which comes first.
        missing: `FILE:LINE: sentence` for each name that nothing gives a value; such a one is
            empty, as it is for fluent-bit; the first hundred.
        expanded_size: how many characters have been put in place of names so far.
    """

    environment: Mapping[str, str]
    assigned: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    expanded_size: int = 0

    def expand(self, text: str, place: Place) -> str:
        """Return the text with its variables replaced, once.

        Raises:
            ConfigurationError: the values of all texts come to more than 8 MiB.
        """
        if "${" not in text:
            return text

        def value(match: re.Match[str]) -> str:
            name = match[1].strip()
            found = self.assigned.get(name, self.environment.get(name))
            if found is None and len(self.missing) < MISSING_LIMIT:
                self.missing.append(
                    f"{place}: ${{{name[:80]}}} has no value, and is taken as empty"
                )
            self.expanded_size += len(found or "")
            if self.expanded_size > EXPANSION_LIMIT:
                raise ConfigurationError(
                    f"{place}: the variables unfold into more than {EXPANSION_LIMIT} characters"
                )
            return found or ""

        return _VARIABLE.sub(value, text)

    def expanded(self, section: Section) -> Section:
        """Return the section with the variables of its values replaced."""
        entries = tuple(
            replace(entry, value=self.expand(entry.value, entry.place)) for entry in section.entries
        )
        processors = tuple(map(self.expanded, section.processors))
        return replace(section, entries=entries, processors=processors)
