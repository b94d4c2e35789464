"""What a file of fluentd's is read into: elements with pairs and elements in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pillion_log_agent.configuration.section import Entry, Place


@dataclass(slots=True)
class Element:
    """`<name argument>` and what is in it.

    Attributes:
        name: such as source, match or buffer; empty for the whole.
        argument: such as the pattern of a match.
        place: where it begins.
        pairs: in order; keys as they are written.
        children: in order.
    """

    name: str
    argument: str
    place: Place
    pairs: list[Entry] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)

    def value(self, *keys: str) -> str | None:
        """Return the last value of the first of the keys that is there."""
        for key in keys:
            found = [entry.value for entry in self.pairs if entry.key == key]
            if found:
                return found[-1]
        return None

    @property
    def type(self) -> str:
        """The plugin, as `@type` or the old `type` names it."""
        return (self.value("@type", "type") or "").lower()

    def child(self, name: str) -> Element | None:
        """Return the first element in it of a name."""
        return next((each for each in self.children if each.name == name), None)
