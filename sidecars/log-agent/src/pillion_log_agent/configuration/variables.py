"""`${NAME}` in values: replaced by what the environment, `env` or `@SET` gives it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion_log_agent.configuration.section import Place, Section

_VARIABLE = re.compile(r"\$\{([^${}]*)\}")


@dataclass(slots=True)
class Variables:
    """The variables that are known while files are read.

    Attributes:
        environment: of the process.
        assigned: by the files, which comes first.
        missing: `FILE:LINE: sentence` for each name that nothing gives a value; such a one is
            empty, as it is for fluent-bit.
    """

    environment: Mapping[str, str]
    assigned: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def expand(self, text: str, place: Place) -> str:
        """Return the text with its variables replaced, once."""
        if "${" not in text:
            return text

        def value(match: re.Match[str]) -> str:
            name = match[1].strip()
            found = self.assigned.get(name, self.environment.get(name))
            if found is None:
                self.missing.append(f"{place}: ${{{name}}} has no value, and is taken as empty")
            return found or ""

        return _VARIABLE.sub(value, text)

    def expanded(self, section: Section) -> Section:
        """Return the section with the variables of its values replaced."""
        entries = tuple(
            replace(entry, value=self.expand(entry.value, entry.place)) for entry in section.entries
        )
        return replace(section, entries=entries)
