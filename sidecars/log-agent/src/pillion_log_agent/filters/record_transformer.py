"""fluentd's filter `record_transformer`: adds fields with what is known of a record in them."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion.errors import ConfigurationError
from pillion.settings import repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, LIST, PAIR

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.records.batch import Batch

    Value = Callable[[dict[str, Any], str, str], Any]

_PLACEHOLDER = re.compile(r"\$(?:\{([^{}]*)\}|<([^<>]*)>)")
_KEY = r"""\[(?:"[^"]*"|'[^']*')\]"""
_RECORD = re.compile(rf"record((?:{_KEY})+)")
_DIG = re.compile(r"record\.dig\(([^()]*)\)")
_NAMES = re.compile(r"""["']([^"']*)["']""")
_PARTS = re.compile(r"tag_(parts|prefix|suffix)\[(-?\d+)\]")
_FORMS = (
    '${record["key"]}, ${tag}, ${tag_parts[n]}, ${tag_prefix[n]}, ${tag_suffix[n]}, ${hostname} '
    "and ${time}"
)


@dataclass(frozen=True, slots=True)
class RecordTransformerProperties:
    """The properties of `record_transformer`."""

    record: tuple[tuple[str, ...], ...] = repeated(
        "record",
        PAIR,
        f"Add a field with a value, in which there may be {_FORMS}; in fluent-bit's forms, where "
        "${...} is a variable, $<tag> and so on.",
    )
    remove_keys: tuple[str, ...] = setting(
        "remove_keys", LIST, "Take fields out, after others were added.", default=()
    )
    renew_record: bool = setting("renew_record", FLAG, "Begin with an empty record.", default=False)
    keep_keys: tuple[str, ...] = setting(
        "keep_keys", LIST, "Fields to keep where it begins with an empty one.", default=()
    )


class RecordTransformerFilter:
    """Adds fields and takes fields out."""

    def __init__(self, properties: RecordTransformerProperties, _context: FilterContext) -> None:
        self._added = [(key, template_of(value)) for key, value in properties.record]
        self._properties = properties

    def apply(self, batch: Batch) -> Batch:
        """Return the batch, changed."""
        properties = self._properties
        times, tag = batch.times.iso(3), batch.tag
        found = []
        for record, time in zip(batch.records(), times, strict=True):
            added = {key: fill(record, tag, f"{time}Z") for key, fill in self._added}
            base = record
            if properties.renew_record:
                base = {key: record[key] for key in properties.keep_keys if key in record}
            made = base | added
            for key in properties.remove_keys:
                made.pop(key, None)
            found.append(made)
        batch.replace(found)
        return batch


def template_of(text: str) -> Value:
    """Return what fills in a value; one placeholder alone keeps the kind of its value.

    Raises:
        ConfigurationError: a placeholder is none that can be had without Ruby.
    """
    parts: list[str | Value] = []
    position = 0
    for match in _PLACEHOLDER.finditer(text):
        parts += [
            text[position : match.start()],
            _placeholder((match[1] or match[2] or "").strip()),
        ]
        position = match.end()
    parts.append(text[position:])
    parts = [part for part in parts if part != ""]
    if len(parts) == 1 and not isinstance(parts[0], str):
        return parts[0]

    def fill(record: dict[str, Any], tag: str, time: str) -> str:
        return "".join(
            part if isinstance(part, str) else _text(part(record, tag, time)) for part in parts
        )

    return fill


def _placeholder(code: str) -> Value:
    if code == "tag":
        return lambda _record, tag, _time: tag
    if code == "time":
        return lambda _record, _tag, time: time
    if code == "hostname":
        name = socket.gethostname()
        return lambda _record, _tag, _time: name
    if (found := _PARTS.fullmatch(code)) is not None:
        kind, number = found[1], int(found[2])
        return lambda _record, tag, _time: _part(tag.split("."), kind, number)
    for form in (_RECORD, _DIG):
        if (found := form.fullmatch(code)) is not None:
            path = _NAMES.findall(found[1])
            return lambda record, _tag, _time: _walk(record, path)
    raise ConfigurationError(f"record: ${{{code}}} needs Ruby, which is not there; use {_FORMS}")


def _part(parts: list[str], kind: str, number: int) -> str | None:
    if not -len(parts) <= number < len(parts):
        return None
    if kind == "parts":
        return parts[number]
    place = number % len(parts)
    return ".".join(parts[: place + 1] if kind == "prefix" else parts[place:])


def _walk(record: Any, path: list[str]) -> Any:
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return record


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


RECORD_TRANSFORMER = Declaration(
    name="record_transformer",
    summary="Adds fields with what is known of a record in them; fluentd's.",
    properties=RecordTransformerProperties,
    build=RecordTransformerFilter,
)
