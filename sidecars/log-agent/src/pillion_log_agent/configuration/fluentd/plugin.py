"""One element of fluentd's on its way to a section: nothing that it says is passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_log_agent.configuration.section import Entry, Section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion_log_agent.configuration.fluentd.element import Element
    from pillion_log_agent.configuration.section import Place, Problems, SectionKind

ALWAYS = ("@type", "type", "@id", "id", "@label", "@log_level", "log_level")
_TRUE = ("true", "yes", "")


class Plugin:
    """An element whose keys are taken one by one."""

    def __init__(self, element: Element, problems: Problems) -> None:
        self.element = element
        self.problems = problems
        self.entries: list[Entry] = []
        self._taken = set(ALWAYS)
        self._children: set[str] = set()

    @property
    def title(self) -> str:
        """The element and its plugin: `<match a.**> file`."""
        element = self.element
        argument = f" {element.argument}" if element.argument else ""
        return f"<{element.name}{argument}> {element.type}".rstrip()

    def take(self, *keys: str) -> str | None:
        """Return a value under the first of its names that is there; None where none is."""
        self._taken.update(keys)
        return self.element.value(*keys)

    def flag(self, *keys: str, default: bool = False) -> bool:
        """Return a truth value."""
        found = self.take(*keys)
        return default if found is None else found.lower() in _TRUE

    def child(self, name: str) -> Element | None:
        """Return an element in it."""
        self._children.add(name)
        return self.element.child(name)

    def children(self, name: str) -> list[Element]:
        """Return all elements in it of a name."""
        self._children.add(name)
        return [each for each in self.element.children if each.name == name]

    def put(self, key: str, value: str | None, place: Place | None = None) -> None:
        """Give the section a value, where there is one."""
        if value is not None:
            self.entries.append(Entry(key, value, place or self.element.place))

    def rename(self, names: Mapping[str, str]) -> None:
        """Give the section values under other names."""
        for theirs, ours in names.items():
            self._taken.add(theirs)
            for entry in self.element.pairs:
                if entry.key == theirs:
                    self.put(ours, entry.value, entry.place)

    def accept(self, *keys: str) -> None:
        """Take values that change nothing here."""
        self._taken.update(keys)

    def wrong(self, sentence: str, what: str = "", place: Place | None = None) -> None:
        """Note what cannot be had."""
        title = f"{self.title}: {what}" if what else self.title
        self.problems.add(place or self.element.place, title, sentence)

    def section(self, kind: SectionKind, name: str) -> Section:
        """Return what has come of it; whatever was not taken is noted."""
        for entry in self.element.pairs:
            if entry.key not in self._taken:
                self.wrong("is not supported here", entry.key, entry.place)
        for child in self.element.children:
            if child.name not in self._children:
                self.wrong("is not supported here", f"<{child.name}>", child.place)
        place = self.element.place
        alias = self.element.value("@id", "id")
        named = [Entry("name", name, place), *([Entry("alias", alias, place)] if alias else [])]
        return Section(kind, place, (*named, *self.entries))


def child_plugin(element: Element, problems: Problems) -> Plugin:
    """Return an element within another as one whose keys are taken."""
    return Plugin(element, problems)


def check_taken(plugin: Plugin) -> None:
    """Note what nobody has taken of an element that becomes no section."""
    plugin.section("service", "")
