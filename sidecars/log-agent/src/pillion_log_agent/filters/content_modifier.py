"""The processor `content_modifier`: one change to one field.

Source: fluent-bit's manual, "Content modifier".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion.errors import ConfigurationError
from pillion.settings import optional, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import PATTERN, TEXT, choice
from pillion_log_agent.parsers.types import cast_text
from pillion_log_agent.records.wire import from_wire, json_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.patterns.pattern import Pattern
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record

_CASTS = {"string": "string", "boolean": "bool", "int": "integer", "double": "float"}


@dataclass(frozen=True, slots=True)
class ContentModifierProperties:
    """The properties of `content_modifier`."""

    action: str = setting(
        "action",
        choice("insert", "upsert", "delete", "rename", "hash", "extract", "convert"),
        "What is done.",
        default="insert",
    )
    context: str = setting(
        "context", choice("body"), "Where: records have a body only.", default="body"
    )
    key: str = setting("key", TEXT, "The field.", default="")
    value: str | None = optional("value", TEXT, "Its value, or its other name.")
    pattern: Pattern | None = optional("pattern", PATTERN, "For extract: named groups.")
    converted_type: str | None = optional(
        "converted_type", choice(*_CASTS), "For convert: the type."
    )


class ContentModifier:
    """Makes one change."""

    def __init__(self, properties: ContentModifierProperties, _context: FilterContext) -> None:
        needed = {
            "insert": ("value",),
            "upsert": ("value",),
            "rename": ("value",),
            "extract": ("pattern",),
            "convert": ("converted_type",),
        }
        for name in needed.get(properties.action, ()):
            if getattr(properties, name) is None:
                raise ConfigurationError(f"{name} is missing; {properties.action} needs it")
        self._change = _change(properties)

    def apply(self, batch: Batch) -> Batch:
        """Return the batch, changed."""
        for record in batch.records():
            self._change(record)
        return batch


def _change(properties: ContentModifierProperties) -> Callable[[Record], object]:
    key, value = properties.key, properties.value or ""
    if properties.action == "insert":
        return lambda record: record.setdefault(key, value)
    if properties.action == "upsert":
        return lambda record: record.update({key: value})
    if properties.action == "delete":
        return lambda record: record.pop(key, None)
    if properties.action == "rename":
        return lambda record: record.update({value: record.pop(key)}) if key in record else None
    if properties.action == "hash":
        return lambda record: record.update({key: _hash(record[key])}) if key in record else None
    if properties.action == "extract":
        assert properties.pattern is not None
        captured = properties.pattern.captured
        return lambda record: (
            record.update(captured(text) or {})
            if isinstance(text := record.get(key), str)
            else None
        )
    kind = properties.converted_type or "string"
    return lambda record: (
        record.update({key: _convert(record[key], kind)}) if key in record else None
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else from_wire(json_of(value)).decode()


def _hash(value: Any) -> str:
    return hashlib.sha256(_text(value).encode("utf-8", "replace")).hexdigest()


def _convert(value: Any, kind: str) -> Any:
    return cast_text(_text(value), _CASTS[kind])


CONTENT_MODIFIER = Declaration(
    name="content_modifier",
    summary="Makes one change to one field.",
    properties=ContentModifierProperties,
    required=("action", "key"),
    build=ContentModifier,
)
