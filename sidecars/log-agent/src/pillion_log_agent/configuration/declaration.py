"""What a plugin declares of itself: one declaration gives parsing, error texts and the docs.

The properties are a frozen dataclass whose fields are declared with `pillion.settings`
(`setting`, `optional`, `repeated`), under the names that fluent-bit gives them in lower case.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pillion.errors import nearest
from pillion.settings.declaration import Setting, declared

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pillion_log_agent.configuration.section import Entry, Problems, Section

_NOTHING = object()
_OFF = ("", "off", "false", "no", "0")


@dataclass(frozen=True, slots=True)
class Declaration:
    """One kind of plugin, parser or the service.

    Attributes:
        name: as a configuration names it.
        summary: one sentence for the docs.
        properties: a frozen dataclass of declared settings.
        accepted: properties of fluent-bit's that change nothing here, each with the reason.
        refused: properties of fluent-bit's that cannot be had here, each with what to do instead;
            where they are off they change nothing.
        required: properties that must be given.
        build: makes the thing from its properties; nothing for the service.
        numbered: properties that are written with a number: `parser_n` as `parser_1`.
        prefixed: properties that are written with a name behind the dot, `rdkafka.*` as
            `rdkafka.acks`; the value that is read begins with that name.
    """

    name: str
    summary: str
    properties: type
    accepted: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    build: Callable[..., Any] | None = None
    numbered: tuple[str, ...] = ()
    prefixed: tuple[str, ...] = ()

    def settings(self) -> list[Setting]:
        """Return the declared properties in order."""
        return list(declared(self.properties))

    def name_of(self, key: str) -> str:
        """Return the name of the property that a key of a section means."""
        name = key.lower()
        head, separator, number = name.rpartition("_")
        is_numbered = number.isdecimal() and f"{head}{separator}n" in self.numbered
        if is_numbered:
            return f"{head}{separator}n"
        return next((each for each in self.prefixed if name.startswith(each[:-1])), name)

    def spelt(self, entry: Entry) -> Entry:
        """Return an entry whose value begins with the name behind its prefix, where it has one."""
        name = self.name_of(entry.key)
        if name not in self.prefixed:
            return entry
        return replace(entry, value=f"{entry.key[len(name) - 1 :]} {entry.value}")


@dataclass(frozen=True, slots=True)
class InOrder:
    """A value whose place among the others of its section matters.

    Attributes:
        position: counted from the section's first entry.
    """

    position: int = field(default=0, kw_only=True)


def read_properties(
    section: Section,
    declaration: Declaration,
    shared: Declaration | None,
    problems: Problems,
) -> tuple[Any, Any]:
    """Return the values of a section: the plugin's own, and those that all of its kind have.

    Each wrong or unknown property is noted in `problems`; its default stands in for it.
    """
    what = f"[{section.kind.upper()}] {declaration.name}".rstrip()
    groups = [declaration] if shared is None else [declaration, shared]
    known = {item.name: (group, item) for group in reversed(groups) for item in group.settings()}
    accepted = {name for group in groups for name in group.accepted}
    refused = {name: why for group in groups for name, why in group.refused.items()}
    values: list[dict[str, Any]] = [{} for _ in groups]
    for position, entry in enumerate(map(declaration.spelt, section.entries)):
        name = declaration.name_of(entry.key)
        if name in known:
            group, item = known[name]
            value = _value(item, entry, what, problems)
            if isinstance(value, InOrder):
                value = replace(value, position=position)
            _take(values[groups.index(group)], item, value)
        elif name in refused:
            if entry.value.lower() not in _OFF:
                problems.add(
                    entry.place, f"{what}: {entry.key}", f"is not supported; {refused[name]}"
                )
        elif name != "name" and name not in accepted:
            sentence = "" if problems.is_full else _unknown(name, sorted({*known, *accepted}))
            problems.add(entry.place, f"{what}: {entry.key}", sentence)
    given = {entry.key.lower() for entry in section.entries}
    for group in groups:
        for name in group.required:
            if name not in given:
                problems.add(section.place, what, f"{name} is missing")
    filled = [group.properties(**found) for group, found in zip(groups, values, strict=True)]
    return filled[0], filled[-1]


def _value(item: Setting, entry: Entry, what: str, problems: Problems) -> Any:
    try:
        return item.kind.parse(entry.value)
    except ValueError as error:
        problems.add(entry.place, f"{what}: {entry.key}", f"{entry.value!r} {error}")
        return item.default if not item.is_repeated else _NOTHING


def _take(values: dict[str, Any], item: Setting, value: Any) -> None:
    if not item.is_repeated:
        values[item.attribute] = value
    elif value is not _NOTHING:
        values[item.attribute] = (*values.get(item.attribute, ()), value)


def _unknown(name: str, known: list[str]) -> str:
    hint = nearest(name, known)
    meant = f"; did you mean {hint}?" if hint else ""
    return f"is not a known property{meant} (known: {', '.join(known)})"
