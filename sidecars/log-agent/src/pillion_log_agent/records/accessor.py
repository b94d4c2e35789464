"""Record accessors: `log`, `$log`, `$kubernetes['labels']['app']`, `$list[0]`. Pure.

Source: "Record accessor" of fluent-bit's manual.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion_log_agent.records.json_rows import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record

_ACCESSOR = re.compile(r"\$([^\[\]'\s]+)((?:\['[^']*'\]|\[\d+\])*)")
_INSIDE = re.compile(r"\$\w+(?:\['[^']*'\]|\[\d+\])*")
_TAG = re.compile(r"\$TAG(?:\[(\d{1,4})\])?")
_PART = re.compile(r"\['([^']*)'\]|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Accessor:
    """Where in a record a value is.

    Attributes:
        source: as it was written.
        path: keys of mappings, and numbers of list items.
    """

    source: str
    path: tuple[str | int, ...]

    def find(self, record: Record) -> Any:
        """Return the value, None when it is not there."""
        return _walk(record, self.path)

    def column(self, batch: Batch) -> list[Any]:
        """Return the value in each record of a batch, None where it is not there."""
        if batch.is_decoded:
            return [self.find(record) for record in batch.records()]
        first, *rest = self.path
        (column,) = batch.values(str(first))
        if rest:
            return [None if value is MISSING else _walk(value, rest) for value in column]
        return [None if value is MISSING else value for value in column]


def _walk(value: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


@dataclass(frozen=True, slots=True)
class TagPart:
    """The tag, or what stands in it between two dots.

    Attributes:
        number: which part, from 0; None for the whole.
    """

    number: int | None

    def of(self, tag: str) -> str | None:
        """Return the text; None where the tag has no such part."""
        if self.number is None:
            return tag
        parts = tag.split(".")
        return parts[self.number] if self.number < len(parts) else None


@dataclass(frozen=True, slots=True)
class Template:
    """Text with fields and the tag in it.

    Attributes:
        parts: texts as they are, and where in a record or its tag the others are.
        needs_all: nothing is filled in where one of them is missing; else that one is empty.
    """

    parts: tuple[str | Accessor | TagPart, ...]
    needs_all: bool

    def fill(self, record: Record, tag: str = "") -> str:
        """Return the text for a record; empty where it cannot be filled in."""
        texts = [_filled(part, record, tag) for part in self.parts]
        if self.needs_all and None in texts:
            return ""
        return "".join("" if text is None else str(text) for text in texts)

    def column(self, batch: Batch) -> list[str]:
        """Return what `fill` does for each record of a batch."""
        parts = [
            part.column(batch) if isinstance(part, Accessor) else _fixed(part, batch)
            for part in self.parts
        ]
        return [
            ""
            if self.needs_all and None in texts
            else "".join("" if text is None else str(text) for text in texts)
            for texts in zip(*parts, strict=True)
        ]


def _filled(part: str | Accessor | TagPart, record: Record, tag: str) -> Any:
    if isinstance(part, str):
        return part
    return part.of(tag) if isinstance(part, TagPart) else part.find(record)


def _fixed(part: str | TagPart, batch: Batch) -> list[str | None]:
    return [part if isinstance(part, str) else part.of(batch.tag)] * len(batch)


def parse_template(text: str, *, needs_all: bool) -> Template:
    """Return the template of a text like `app-$kubernetes['namespace_name']-$TAG[1]`."""
    parts: list[str | Accessor | TagPart] = []
    position = 0
    for match in _INSIDE.finditer(text):
        parts += [text[position : match.start()], _part(match[0])]
        position = match.end()
    return Template((*parts, text[position:]), needs_all)


def _part(text: str) -> Accessor | TagPart:
    tag = _TAG.fullmatch(text)
    if tag is None:
        return parse_accessor(text)
    return TagPart(int(tag[1]) if tag[1] else None)


def parse_accessor(text: str) -> Accessor:
    """Return the accessor of a key, or of `$key['inner']`; raises ValueError."""
    if not text.startswith("$"):
        return Accessor(text, (text,))
    match = _ACCESSOR.fullmatch(text)
    if not match:
        raise ValueError(f"has {text!r}, which is no field; write name or $name['inner']")
    parts: list[str | int] = [match[1]]
    for name, number in _PART.findall(match[2]):
        parts.append(int(number) if number else name)
    return Accessor(text, tuple(parts))
