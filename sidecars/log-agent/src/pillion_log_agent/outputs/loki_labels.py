"""Labels of Loki: those of the configuration, each fixed or of a field. Pure.

Source: fluent-bit's manual, "Loki": `job=app, $kubernetes['namespace_name'], pod=$name`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion.settings import Kind
from pillion_log_agent.records.accessor import Accessor, parse_accessor
from pillion_log_agent.records.wire import from_wire, json_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pillion_log_agent.records.columns import Record

_NAME = re.compile(r"[^a-zA-Z0-9_]")
_BETWEEN = re.compile(r",(?=(?:[^'\"]*['\"][^'\"]*['\"])*[^'\"]*$)")
LONGEST_LIST = 10_000


@dataclass(frozen=True, slots=True)
class Label:
    """One label.

    Attributes:
        name: as Loki has it.
        value: a text, or the field that has it.
    """

    name: str
    value: str | Accessor

    def of(self, record: Record) -> str | None:
        """Return its value for a record, None where there is none."""
        return self.value if isinstance(self.value, str) else as_text(self.value.find(record))


def as_text(value: Any) -> str | None:
    """Return a value as a label has it; None where it has no text."""
    if value is None or isinstance(value, str):
        return value
    return from_wire(json_of(value)).decode()


def clean(name: str) -> str:
    """Return the name that a label may have: letters, digits and underscores, no digit first."""
    name = _NAME.sub("_", name)
    return f"_{name}" if name[:1].isdecimal() else name


def _labels(text: str) -> tuple[Label, ...]:
    found: list[Label] = []
    if len(text) > LONGEST_LIST:
        raise ValueError(f"is longer than {LONGEST_LIST} characters")
    for part in _BETWEEN.split(text):
        word = part.strip()
        if not word:
            continue
        name, equals, value = word.partition("=")
        if word.startswith("$"):
            field = parse_accessor(word)
            found.append(Label(clean("_".join(str(each) for each in field.path)), field))
        elif equals and name.strip():
            value = value.strip()
            is_field = value.startswith("$")
            found.append(Label(clean(name.strip()), parse_accessor(value) if is_field else value))
        else:
            raise ValueError(f"has {word!r}; write name=value, name=$field or $field")
    return tuple(found)


def _fields(text: str) -> tuple[Accessor, ...]:
    return tuple(parse_accessor(word.strip()) for word in _BETWEEN.split(text) if word.strip())


LABELS: Kind[tuple[Label, ...]] = Kind("NAME=VALUE,$FIELD,...", _labels, lambda _: "")
FIELDS: Kind[tuple[Accessor, ...]] = Kind("$FIELD,...", _fields, lambda _: "")


def of_map(mapping: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterable[Label]:
    """Yield the labels of a file that maps fields to labels, in the shape of a record."""
    for key, value in mapping.items():
        if isinstance(value, dict):
            yield from of_map(value, (*path, key))
        else:
            yield Label(clean(str(value)), Accessor(".".join((*path, key)), (*path, key)))


def removed(record: Record, paths: Iterable[tuple[str | int, ...]]) -> Record:
    """Return a record without some fields; what is not changed is shared."""
    for path in paths:
        record = _without(record, path)
    return record


def _without(value: Any, path: tuple[str | int, ...]) -> Any:
    if not isinstance(value, dict) or path[0] not in value:
        return value
    if len(path) == 1:
        return {key: each for key, each in value.items() if key != path[0]}
    return value | {path[0]: _without(value[path[0]], path[1:])}
