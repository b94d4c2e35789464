"""The filter `type_converter`: adds a field with the value of another in another type.

Source: fluent-bit's manual, "Type converter".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion.settings import Kind, repeated
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import words
from pillion_log_agent.records.accessor import parse_accessor
from pillion_log_agent.records.wire import from_wire, json_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.records.accessor import Accessor
    from pillion_log_agent.records.batch import Batch

LONGEST_NUMBER = 400
"""Characters of a text that is read as a number."""


def _whole(value: Any) -> int:
    return int(value, 0) if isinstance(value, str) else int(value)


def _not_negative(value: Any) -> int:
    number = _whole(value)
    if number < 0:
        raise ValueError("is negative")
    return number


def _text(value: Any) -> str:
    return value if isinstance(value, str) else from_wire(json_of(value)).decode()


_CASTS: dict[str, Callable[[Any], Any]] = {
    "int": _whole,
    "uint": _not_negative,
    "float": float,
    "string": _text,
}
_NAMES = {"str": "string", "integer": "int", "hex": "uint"}


@dataclass(frozen=True, slots=True)
class Conversion:
    """One of them.

    Attributes:
        source: the field that is read.
        target: the field that is added.
        kind: what it becomes.
    """

    source: Accessor
    target: str
    kind: str


def _conversion(text: str) -> Conversion:
    source, target, kind = _WORDS.parse(text)
    kind = _NAMES.get(kind.lower(), kind.lower())
    if kind not in _CASTS:
        raise ValueError(f"has the type {kind!r}; there are {', '.join(_CASTS)}")
    return Conversion(parse_accessor(source), target, kind)


_WORDS = words(3, "FROM TO TYPE")
CONVERSION: Kind[Conversion] = Kind("FROM TO TYPE", _conversion)


@dataclass(frozen=True, slots=True)
class TypeConverterProperties:
    """The properties of `type_converter`."""

    int_key: tuple[Conversion, ...] = repeated(
        "int_key", CONVERSION, "A field that is a whole number."
    )
    uint_key: tuple[Conversion, ...] = repeated(
        "uint_key", CONVERSION, "A field that is a whole number, not negative."
    )
    float_key: tuple[Conversion, ...] = repeated("float_key", CONVERSION, "A field with a point.")
    str_key: tuple[Conversion, ...] = repeated("str_key", CONVERSION, "A field that is text.")


class TypeConverterFilter:
    """Adds fields in other types; a value of another kind, or that does not fit, adds none."""

    def __init__(self, properties: TypeConverterProperties, _context: FilterContext) -> None:
        self._conversions: list[tuple[type | tuple[type, ...], Conversion]] = [
            *((int, each) for each in (*properties.int_key, *properties.uint_key)),
            *((float, each) for each in properties.float_key),
            *((str, each) for each in properties.str_key),
        ]

    def apply(self, batch: Batch) -> Batch:
        """Return the batch, changed."""
        for record in batch.records():
            for kind, conversion in self._conversions:
                value = conversion.source.find(record)
                if not isinstance(value, kind) or isinstance(value, bool):
                    continue
                if isinstance(value, str) and len(value) > LONGEST_NUMBER:
                    continue
                try:
                    record[conversion.target] = _CASTS[conversion.kind](value)
                except (ValueError, OverflowError):
                    continue
        return batch


TYPE_CONVERTER = Declaration(
    name="type_converter",
    summary="Adds fields with the values of others in other types.",
    properties=TypeConverterProperties,
    build=TypeConverterFilter,
)
