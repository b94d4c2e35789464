"""The one model of a configuration, whatever form it was read from."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from pillion.errors import ConfigurationError, nearest
from pillion_log_agent.configuration.declaration import Declaration, read_properties
from pillion_log_agent.configuration.instead import INSTEAD
from pillion_log_agent.configuration.plugins import (
    FILTERS,
    FORMATS,
    INPUTS,
    MULTILINE,
    OUTPUTS,
    PROCESSORS,
)
from pillion_log_agent.configuration.section import PLUGIN_KINDS, Place, Problems, Section
from pillion_log_agent.configuration.service import SERVICE, ServiceProperties
from pillion_log_agent.configuration.shared import (
    FILTER,
    INPUT,
    OUTPUT,
    FilterProperties,
    OutputProperties,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TABLES = {"input": INPUTS, "filter": FILTERS, "output": OUTPUTS}
_SHARED = {"input": INPUT, "filter": FILTER, "output": OUTPUT}


@dataclass(frozen=True, slots=True)
class Plugin:
    """One input, filter, output or parser, as the configuration has it.

    Attributes:
        section: where it was read from.
        declaration: what kind of thing it is.
        properties: its own, an instance of the declaration's dataclass.
        shared: those that all of its kind have.
        name: the alias, or the name with a number: `es.0`.
        is_sound: nothing is wrong with its properties.
        processors: what its records meet first, for an input, or last, for an output.
    """

    section: Section
    declaration: Declaration
    properties: Any
    shared: Any
    name: str
    is_sound: bool = True
    processors: tuple[Plugin, ...] = ()

    @property
    def title(self) -> str:
        """The section and the plugin, as error messages name it: `[OUTPUT] es`."""
        return f"[{self.section.kind.upper()}] {self.declaration.name}".rstrip()


@dataclass(frozen=True, slots=True)
class Configuration:
    """All of it.

    Attributes:
        service: what holds for the whole process.
        parsers: by name; a later one takes the place of an earlier one.
        inputs, filters, outputs: in the order of the files.
        multiline_parsers: by name in lower case.
        sections: what it was made of, in order.
        files: every file that was read.
        warnings: what is odd and not wrong.
    """

    service: ServiceProperties
    parsers: Mapping[str, Plugin]
    inputs: tuple[Plugin, ...]
    filters: tuple[Plugin, ...]
    outputs: tuple[Plugin, ...]
    multiline_parsers: Mapping[str, Plugin] = field(default_factory=dict)
    sections: tuple[Section, ...] = ()
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def declaration_of(kind: str, name: str) -> Declaration:
    """Return the declaration of a plugin that is in its table; KeyError when it is not."""
    return _load({**_TABLES, "parser": FORMATS}[kind][name])


def build_model(sections: Sequence[Section], problems: Problems) -> Configuration:
    """Return the model of the sections; what is wrong is noted in `problems`."""
    reader = _Reader(problems)
    were_wrong = bool(problems.sentences)
    for section in sections:
        reader.take(section)
    kinds = [section.kind for section in sections]
    reader.check_matches(is_one_way=kinds.count("input") == kinds.count("output") == 1)
    for kind in ("input", "output"):
        # Where a file could not be read, what is missing may be in it.
        if not were_wrong and not any(section.kind == kind for section in sections):
            problems.add(_anywhere(sections), "", f"there is no {kind}")
    return Configuration(
        service=reader.service,
        parsers=reader.parsers,
        inputs=tuple(reader.plugins["input"]),
        filters=tuple(reader.plugins["filter"]),
        outputs=tuple(reader.plugins["output"]),
        multiline_parsers=reader.multiline_parsers,
        sections=tuple(sections),
    )


class _Reader:
    """Takes one section after the other."""

    def __init__(self, problems: Problems) -> None:
        self.service = ServiceProperties()
        self.parsers: dict[str, Plugin] = {}
        self.multiline_parsers: dict[str, Plugin] = {}
        self.plugins: dict[str, list[Plugin]] = {kind: [] for kind in PLUGIN_KINDS}
        self._problems = problems

    def take(self, section: Section) -> None:
        if section.kind == "service":
            self.service = cast(
                "ServiceProperties", read_properties(section, SERVICE, None, self._problems)[0]
            )
        elif section.kind == "parser":
            self._take_parser(section)
        elif section.kind == "multiline_parser":
            self._take_multiline_parser(section)
        else:
            self._take_plugin(section)

    def _take_plugin(self, section: Section) -> None:
        declaration = self._declaration(section, "name", _TABLES[section.kind], section.kind)
        if declaration is None:
            return
        before = self._problems.count
        own, shared = read_properties(section, declaration, _SHARED[section.kind], self._problems)
        is_sound = self._problems.count == before
        of_kind = self.plugins[section.kind]
        number = sum(1 for plugin in of_kind if plugin.declaration is declaration)
        name = shared.alias or f"{declaration.name}.{number}"
        processors = [
            each
            for number, inner in enumerate(section.processors)
            if (each := self._processor(inner, name, number)) is not None
        ]
        plugin = Plugin(section, declaration, own, shared, name, is_sound, tuple(processors))
        if any(other.name == name for other in of_kind):
            self._problems.add(section.place, plugin.title, f"the alias {name} is there twice")
        of_kind.append(plugin)

    def _processor(self, section: Section, owner: str, number: int) -> Plugin | None:
        table = {**FILTERS, **PROCESSORS}
        declaration = self._declaration(section, "name", table, section.kind)
        if declaration is None:
            return None
        before = self._problems.count
        own, shared = read_properties(section, declaration, FILTER, self._problems)
        if shared.match or shared.match_regex:
            self._problems.add(
                section.place,
                f"[PROCESSOR] {declaration.name}: match",
                f"is not for a processor, which meets every record of {owner}; leave it out",
            )
        is_sound = self._problems.count == before
        name = f"{owner}/{declaration.name}.{number}"
        return Plugin(section, declaration, own, shared, name, is_sound)

    def check_matches(self, *, is_one_way: bool) -> None:
        """Give the one output of the one input its `*`; any other plugin has to say its own."""
        of_kind = self.plugins
        for plugin in (*of_kind["filter"], *of_kind["output"]):
            shared = plugin.shared
            assert isinstance(shared, (FilterProperties, OutputProperties))
            if shared.match or shared.match_regex:
                continue
            if is_one_way and plugin.section.kind == "output":
                of_kind["output"] = [replace(plugin, shared=replace(shared, match="*"))]
            else:
                self._problems.add(
                    plugin.section.place, plugin.title, "match is missing; * takes every tag"
                )

    def _take_parser(self, section: Section) -> None:
        name = section.value("name")
        if not name:
            self._problems.add(section.place, "[PARSER]", "name is missing")
            return
        declaration = self._declaration(section, "format", FORMATS, "format of parser")
        if declaration is not None:
            before = self._problems.count
            own, _ = read_properties(section, declaration, None, self._problems)
            is_sound = self._problems.count == before
            self.parsers[name] = Plugin(section, declaration, own, None, name, is_sound)

    def _take_multiline_parser(self, section: Section) -> None:
        declaration = _load(MULTILINE)
        before = self._problems.count
        own, _ = read_properties(section, declaration, None, self._problems)
        if self._problems.count == before and declaration.build is not None:
            try:
                declaration.build(own)
            except ConfigurationError as error:
                self._problems.add(section.place, f"[MULTILINE_PARSER] {own.name}", str(error))
        is_sound = self._problems.count == before
        plugin = Plugin(section, declaration, own, None, own.name, is_sound)
        other = self.multiline_parsers.setdefault(own.name.lower(), plugin)
        if other is not plugin and other.section.pairs != section.pairs:
            self._problems.add(
                section.place,
                f"[MULTILINE_PARSER] {own.name}",
                f"there is another of that name at {other.section.place}",
            )

    def _declaration(
        self, section: Section, key: str, table: Mapping[str, str], what: str
    ) -> Declaration | None:
        named = section.value(key)
        title = f"[{section.kind.upper()}]"
        if not named:
            self._problems.add(section.place, title, f"{key} is missing")
            return None
        if named.lower() in table:
            return _load(table[named.lower()])
        instead = INSTEAD.get(section.kind, {}).get(named.lower())
        if instead is not None:
            self._problems.add(
                next(entry.place for entry in section.entries if entry.key.lower() == key),
                f"{title}: {key}",
                f"the {what} {named} is not supported; {instead}",
            )
            return None
        hint = None if self._problems.is_full else nearest(named.lower(), list(table))
        meant = f"; did you mean {hint}?" if hint else ""
        self._problems.add(
            next(entry.place for entry in section.entries if entry.key.lower() == key),
            f"{title}: {key}",
            f"there is no {what} {named!r}{meant} (known: {', '.join(sorted(table))})",
        )
        return None


def _load(target: str) -> Declaration:
    module, _, attribute = target.partition(":")
    return cast("Declaration", getattr(importlib.import_module(module), attribute))


def _anywhere(sections: Sequence[Section]) -> Place:
    return sections[0].place if sections else Place("the configuration", 1)
