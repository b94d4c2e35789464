"""The filter `type_converter`: adds a field with the value of another in another type.

Source: fluent-bit's manual, "Type converter".
"""

from __future__ import annotations

import re
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


_WHOLE = re.compile(r"\s*([-+]?[0-9]+)", re.ASCII)
_REAL = re.compile(r"\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)", re.ASCII)
_HEX = re.compile(r"\s*([-+]?)(?:0[xX])?([0-9a-fA-F]+)", re.ASCII)


def _beginning(text: str, pattern: re.Pattern[str]) -> str:
    """Return the number that a text begins with, as the C library reads it."""
    found = pattern.match(text)
    if found is None:
        raise ValueError("is no number")
    return "".join(found.groups())


def _whole(value: Any, base: int = 10) -> int:
    if not isinstance(value, str):
        return int(value)
    number = int(_beginning(value, _WHOLE if base == 10 else _HEX), base)  # noqa: PLR2004
    if not number and value.strip("+-0 "):
        raise ValueError("is no number")  # such as 0x1f, read as a decimal
    return number


def _not_negative(value: Any, base: int = 10) -> int:
    number = _whole(value, base)
    if number < 0:
        raise ValueError("is negative")
    return number


def _real(value: Any) -> float:
    return float(_beginning(value, _REAL) if isinstance(value, str) else value)


def _bool(value: Any) -> bool:
    word = value[:5].lower() if isinstance(value, str) else ""
    if not word.startswith(("true", "false")):
        raise ValueError("is neither true nor false")
    return word.startswith("true")


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.1f}" if value.is_integer() else f"{value:.16g}"
    return value if isinstance(value, str) else from_wire(json_of(value)).decode()


_CASTS: dict[str, Callable[[Any], Any]] = {
    "int": _whole,
    "uint": _not_negative,
    "hex": lambda value: _not_negative(value, 16),
    "float": _real,
    "bool": _bool,
    "string": _text,
}
_NAMES = {"str": "string", "integer": "int"}


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
    """Adds fields in other types, at the end; where a value does not fit, the value as it is."""

    def __init__(self, properties: TypeConverterProperties, _context: FilterContext) -> None:
        self._conversions: list[tuple[type, Conversion]] = [
            *((str, each) for each in properties.str_key),
            *((int, each) for each in (*properties.int_key, *properties.uint_key)),
            *((float, each) for each in properties.float_key),
        ]

    def apply(self, batch: Batch) -> Batch:
        """Return the batch, changed."""
        for record in batch.records():
            values = [(each, each[1].source.find(record)) for each in self._conversions]
            for (kind, conversion), value in values:
                if value is not None:
                    record.pop(conversion.target, None)
                    record[conversion.target] = _converted(value, kind, conversion.kind)
        return batch


def _converted(value: Any, kind: type, target: str) -> Any:
    is_long = isinstance(value, str) and len(value) > LONGEST_NUMBER
    if not isinstance(value, kind) or isinstance(value, bool) or is_long:
        return value
    try:
        return _CASTS[target](value)
    except (ValueError, OverflowError):
        return value


TYPE_CONVERTER = Declaration(
    name="type_converter",
    summary="Adds fields with the values of others in other types.",
    properties=TypeConverterProperties,
    build=TypeConverterFilter,
)
