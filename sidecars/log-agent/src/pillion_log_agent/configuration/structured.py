"""fluent-bit's YAML: `service`, `env`, `includes`, `parsers`, `pipeline`. Pure.

Source: the "YAML configuration" chapters of fluent-bit's manual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pillion.configuration.document import show_path
from pillion.errors import nearest
from pillion_log_agent.configuration.classic import Assignment, Include, Item
from pillion_log_agent.configuration.condition import parse_condition
from pillion_log_agent.configuration.section import Entry, Place, Problems, Section, SectionKind

if TYPE_CHECKING:
    from pillion.configuration.document import Document, KeyPath
    from pillion_log_agent.configuration.condition import Condition

_TOP = ("service", "env", "includes", "parsers", "multiline_parsers", "pipeline")
_PIPELINE: dict[str, SectionKind] = {"inputs": "input", "filters": "filter", "outputs": "output"}
_PARSERS: dict[str, SectionKind] = {"parsers": "parser", "multiline_parsers": "multiline_parser"}


def parse_structured(document: Document, problems: Problems) -> list[Item]:
    """Return the sections, includes and assignments of one document."""
    reading = _Reading(document, problems)
    data = document.data
    if not isinstance(data, dict):
        reading.wrong((), "is no mapping; it begins with keys such as service: and pipeline:")
        return []
    reading.known(data, (), _TOP)
    items: list[Item] = [*reading.assignments(data.get("env")), *reading.includes(data)]
    if (service := data.get("service")) is not None:
        items += reading.section("service", service, ("service",))
    for key, kind in _PARSERS.items():
        items += reading.sections(kind, data.get(key), (key,))
    pipeline = {} if data.get("pipeline") is None else data["pipeline"]
    if not isinstance(pipeline, dict):
        reading.wrong(("pipeline",), "is no mapping; it has inputs, filters and outputs")
        return items
    reading.known(pipeline, ("pipeline",), tuple(_PIPELINE))
    for key, kind in _PIPELINE.items():
        items += reading.sections(kind, pipeline.get(key), ("pipeline", key))
    return items


class _Reading:
    """One document as it is read."""

    def __init__(self, document: Document, problems: Problems) -> None:
        self._document = document
        self._problems = problems

    def wrong(self, at: KeyPath, sentence: str) -> None:
        self._problems.add(self._place(at), show_path(at), sentence)

    def known(self, data: dict[str, Any], at: KeyPath, keys: tuple[str, ...]) -> None:
        for key in data:
            if key not in keys:
                hint = nearest(key, list(keys))
                meant = f"did you mean {hint}? " if hint else ""
                self.wrong((*at, key), f"unknown key; {meant}there are {', '.join(keys)}")

    def assignments(self, data: Any) -> list[Item]:
        if data is None:
            return []
        if not isinstance(data, dict):
            self.wrong(("env",), "is no mapping of names to values")
            return []
        return [
            Assignment(name, _text(value), self._place(("env", name)))
            for name, value in data.items()
        ]

    def includes(self, data: dict[str, Any]) -> list[Item]:
        listed = data.get("includes") or []
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            self.wrong(("includes",), "is no list of paths")
            return []
        return [
            Include(each, self._place(("includes", index))) for index, each in enumerate(listed)
        ]

    def sections(self, kind: SectionKind, data: Any, at: KeyPath) -> list[Section]:
        if data is None:
            return []
        if not isinstance(data, list):
            self.wrong(at, "is no list")
            return []
        return [
            section
            for index, each in enumerate(data)
            for section in self.section(kind, each, (*at, index))
        ]

    def section(self, kind: SectionKind, data: Any, at: KeyPath) -> list[Section]:
        if not isinstance(data, dict):
            self.wrong(at, "is no mapping of keys to values")
            return []
        has_processors = kind in ("input", "output")
        entries = [
            entry
            for key, value in data.items()
            if not (has_processors and key == "processors")
            and not (kind == "processor" and key == "condition")
            for entry in self._entries(key, value, at)
        ]
        processors = self._processors(data.get("processors"), at) if has_processors else []
        condition = self._condition(data, at) if kind == "processor" else None
        return [Section(kind, self._place(at), tuple(entries), tuple(processors), condition)]

    def _processors(self, data: Any, at: KeyPath) -> list[Section]:
        path = (*at, "processors")
        if data is None:
            return []
        if not isinstance(data, dict):
            self.wrong(path, "is no mapping; it has logs")
            return []
        for signal, listed in data.items():
            if signal in ("metrics", "traces", "profiles") and listed:
                self.wrong((*path, signal), f"is not supported; there are no {signal} here")
        self.known(data, path, ("logs", "metrics", "traces", "profiles"))
        return self.sections("processor", data.get("logs"), (*path, "logs"))

    def _condition(self, data: dict[str, Any], at: KeyPath) -> Condition | None:
        if "condition" not in data:
            return None
        try:
            return parse_condition(data["condition"])
        except ValueError as error:
            self.wrong((*at, "condition"), str(error))
            return None

    def _entries(self, key: str, value: Any, at: KeyPath) -> list[Entry]:
        path = (*at, key)
        place = self._place(path)
        if key == "rules" and isinstance(value, list):
            return [self._rule(rule, (*path, index)) for index, rule in enumerate(value)]
        if isinstance(value, list) and not any(isinstance(each, (dict, list)) for each in value):
            return [
                Entry(key, _text(each), self._place((*path, index)))
                for index, each in enumerate(value)
            ]
        if key == "routes":
            self.wrong(
                path, "is not supported; use rewrite_tag with the field, and match of each output"
            )
            return []
        if isinstance(value, (dict, list)):
            self.wrong(path, "is neither a value nor a list of values")
            return []
        # For fluent-bit every scalar is text: `name: null` is the output of that name.
        is_null = value is None and key.lower() == "name"
        return [Entry(key, "null" if is_null else _text(value), place)]

    def _rule(self, rule: Any, at: KeyPath) -> Entry:
        """Return a rule of a multiline parser as the classic files write it."""
        names = ("state", "regex", "next_state")
        if not isinstance(rule, dict) or set(rule) != set(names):
            self.wrong(at, "is no rule; it has state, regex and next_state")
            return Entry("rule", "", self._place(at))
        return Entry("rule", " ".join(f'"{_text(rule[name])}"' for name in names), self._place(at))

    def _place(self, at: KeyPath) -> Place:
        return Place(self._document.path, self._document.line(at) or 1)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
