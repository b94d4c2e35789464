"""fluentd's tree as sections: what meets a tag first takes it, and labels are ways of their own.

fluentd asks the elements in order: the first `<match>` that fits a tag is the end of its way. Here
every output that fits takes a record, so that a section says which patterns before it do not fit.
What a label holds is put in for each way into it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pillion_log_agent.configuration.fluentd.filters import filter_sections
from pillion_log_agent.configuration.fluentd.outputs import output_section
from pillion_log_agent.configuration.fluentd.parsers import Parsers
from pillion_log_agent.configuration.fluentd.plugin import Plugin
from pillion_log_agent.configuration.fluentd.sources import source_section
from pillion_log_agent.configuration.fluentd.tags import tags_regex
from pillion_log_agent.configuration.section import Entry, Section

if TYPE_CHECKING:
    from pillion_log_agent.configuration.fluentd.element import Element
    from pillion_log_agent.configuration.section import Place, Problems

DEEPEST = 10
SECTION_LIMIT = 2000
ALL = "^(?:.*)$"
_TOP = ("match", "filter", "label")
_LEVELS = {"trace": "trace", "debug": "debug", "info": "info", "warn": "warn", "error": "error",
           "fatal": "error"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """Which records come to an element.

    Attributes:
        inputs: of these alone; empty for all.
        met: patterns that their tags have to meet.
        unmet: patterns that they must not.
    """

    inputs: tuple[str, ...] = ()
    met: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()

    def condition(self, regex: str, place: Place) -> list[Entry]:
        """Return what a section says of it, with the pattern of its own element."""
        found = [Entry("match", "*", place)]
        if regex != ALL:
            found = [Entry("match_regex", regex, place)]
        found += [Entry("match_others_regex", each, place) for each in self.met if each != ALL]
        found += [Entry("match_none_of_regex", each, place) for each in self.unmet]
        if self.inputs:
            found.append(Entry("match_inputs", ",".join(self.inputs), place))
        return found


def convert(root: Element, problems: Problems) -> list[Section]:
    """Return the sections of a whole configuration; what is wrong is noted in `problems`."""
    converter = _Converter(root, problems)
    converter.convert(root)
    return [*converter.parsers.sections, *converter.sections]


class _Converter:
    def __init__(self, root: Element, problems: Problems) -> None:
        self.parsers = Parsers(problems)
        self.sections: list[Section] = []
        self._problems = problems
        self._labels = {each.argument: each for each in root.children if each.name == "label"}
        self._entered: set[str] = set()
        self._prefix = "kubernetes."

    def convert(self, root: Element) -> None:
        for entry in root.pairs:
            self._problems.add(entry.place, entry.key, "stands outside of any element")
        by_label: dict[str, list[str]] = {}
        for element in root.children:
            if element.name == "source":
                by_label.setdefault(element.value("@label") or "", []).append(self._source(element))
            elif element.name == "system":
                self._system(element)
            elif element.name not in _TOP:
                self._problems.add(element.place, f"<{element.name}>", "is not supported here")
        is_split = len(by_label) > 1
        if "" in by_label or not by_label:
            self._emit(root, Way(tuple(by_label[""]) if is_split else ()), 0)
        for label, names in by_label.items():
            if label:
                self._enter(label, Way(tuple(names)), root.place, 0)
        self._check_labels()

    def _check_labels(self) -> None:
        for label, element in self._labels.items():
            if label not in self._entered and label != "@ERROR":
                self._problems.add(element.place, f"<label {label}>", "nothing goes there")

    def _source(self, element: Element) -> str:
        """Take a source; return the name of its input."""
        number = sum(1 for each in self.sections if each.kind == "input")
        if element.value("@id", "id") is None:
            element.pairs.append(
                Entry("@id", f"{element.type or 'source'}.{number}", element.place)
            )
        tag = element.value("tag") or ""
        if "containers" in (element.value("path") or "") and tag.endswith("*"):
            self._prefix = tag.removesuffix("*")
        made = source_section(Plugin(element, self._problems), self.parsers)
        self.sections += made
        return element.value("@id", "id") or ""

    def _system(self, element: Element) -> None:
        level = element.value("log_level")
        if level is not None:
            entry = Entry("log_level", _LEVELS.get(level, level), element.place)
            self.sections.append(Section("service", element.place, (entry,)))

    def _enter(self, label: str, way: Way, place: Place, depth: int) -> None:
        element = self._labels.get(label)
        if element is None:
            self._problems.add(place, f"@label {label}", "there is no such <label>")
            return
        self._entered.add(label)
        self._emit(element, way, depth + 1)

    def _emit(self, within: Element, way: Way, depth: int) -> None:
        """Take the filters and outputs of the whole or of a label, in order."""
        if depth > DEEPEST or len(self.sections) > SECTION_LIMIT:
            self._problems.add(within.place, "<label>", "labels lead into one another too often")
            return
        for element in within.children:
            if element.name not in ("filter", "match"):
                continue
            try:
                regex = tags_regex(element.argument)
            except ValueError as error:
                self._problems.add(element.place, f"<{element.name}>", str(error))
                continue
            if element.name == "filter":
                plugin = Plugin(element, self._problems)
                condition = way.condition(regex, element.place)
                self.sections += filter_sections(plugin, condition, self.parsers, self._prefix)
                continue
            self._match(element, regex, way, depth)
            way = replace(way, unmet=(*way.unmet, regex))

    def _match(self, element: Element, regex: str, way: Way, depth: int) -> None:
        if element.type == "relabel":
            inner = replace(way, met=(*way.met, regex))
            self._enter(element.value("@label") or "", inner, element.place, depth)
            return
        stores = [each for each in element.children if each.name == "store"]
        if element.type != "copy":
            condition = way.condition(regex, element.place)
            self.sections += output_section(Plugin(element, self._problems), condition)
            return
        for store in stores:
            if store.type == "relabel":
                target = self._labels.get(store.value("@label") or "")
                if target is not None and any(each.name == "filter" for each in target.children):
                    self._problems.add(
                        store.place, "<store> relabel",
                        "leads to a label with filters, which would change the records of the "
                        "other stores too; give that way a process of its own",
                    )  # fmt: skip
            self._match(store, regex, way, depth)
