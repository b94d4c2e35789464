"""The filter `expect`: checks that records are as they should be, to test a configuration.

Source: fluent-bit's manual, "Expect".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion.settings import Kind, repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import TEXT, choice, words
from pillion_log_agent.records.accessor import parse_accessor
from pillion_log_agent.records.json_rows import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.records.accessor import Accessor
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record

FIELD: Kind[Accessor] = Kind("FIELD", parse_accessor, lambda field: field.source)
_PAIR = words(2, "FIELD VALUE")


@dataclass(frozen=True, slots=True)
class Expected:
    """A field and the text that it has to have."""

    field: Accessor
    text: str


def _expected(text: str) -> Expected:
    field, value = _PAIR.parse(text)
    return Expected(parse_accessor(field), value)


EXPECTED: Kind[Expected] = Kind("FIELD VALUE", _expected)


@dataclass(frozen=True, slots=True)
class ExpectProperties:
    """The properties of `expect`."""

    key_exists: tuple[Accessor, ...] = repeated("key_exists", FIELD, "The field is there.")
    key_not_exists: tuple[Accessor, ...] = repeated(
        "key_not_exists", FIELD, "The field is not there."
    )
    key_val_is_null: tuple[Accessor, ...] = repeated("key_val_is_null", FIELD, "It is null.")
    key_val_is_not_null: tuple[Accessor, ...] = repeated(
        "key_val_is_not_null", FIELD, "It is there and not null."
    )
    key_val_eq: tuple[Expected, ...] = repeated("key_val_eq", EXPECTED, "It is this text.")
    action: str = setting(
        "action",
        choice("warn", "exit", "result_key"),
        "What to do with a record that is not as it should be: warn, end the process with an "
        "error, or say so in the record.",
        default="warn",
    )
    result_key: str = setting("result_key", TEXT, "The field that says it.", default="matched")


class ExpectFilter:
    """Checks records."""

    def __init__(self, properties: ExpectProperties, context: FilterContext) -> None:
        by_rule = {
            "key_exists": [(each, _exists) for each in properties.key_exists],
            "key_not_exists": [(each, _exists_not) for each in properties.key_not_exists],
            "key_val_is_null": [(each, _is_null) for each in properties.key_val_is_null],
            "key_val_is_not_null": [
                (each, _is_not_null) for each in properties.key_val_is_not_null
            ],
        }
        self._checks = [
            (f"{rule} {field.source}", make(field))
            for rule, fields in by_rule.items()
            for field, make in fields
        ]
        self._checks += [
            (f"key_val_eq {each.field.source}", _equals(each)) for each in properties.key_val_eq
        ]
        self._action = properties.action
        self._key = properties.result_key
        self._log = context.log
        self._end = context.end
        self._told: set[str] = set()

    def apply(self, batch: Batch) -> Batch:
        """Return the batch; what is wrong is said once for each rule."""
        records = batch.records()
        failed = [self._failed(record) for record in records]
        if self._action == "result_key":
            batch.replace(
                [
                    {self._key: rule is None} | record
                    for rule, record in zip(failed, records, strict=True)
                ]
            )
            return batch
        for rule in sorted({rule for rule in failed if rule is not None} - self._told):
            self._told.add(rule)
            self._log.error("a record is not as expected", rule=rule, tag=batch.tag)
            if self._action == "exit":
                self._end()
        return batch

    def _failed(self, record: Record) -> str | None:
        return next((rule for rule, holds in self._checks if not holds(record)), None)


def _value(field: Accessor, record: Record) -> Any:
    """Return the value, MISSING where it is not there: null is a value."""
    value: Any = record
    for part in field.path:
        if isinstance(value, dict):
            value = value.get(part, MISSING)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return MISSING
    return value


def _exists(field: Accessor) -> Callable[[Record], bool]:
    return lambda record: _value(field, record) is not MISSING


def _exists_not(field: Accessor) -> Callable[[Record], bool]:
    return lambda record: _value(field, record) is MISSING


def _is_null(field: Accessor) -> Callable[[Record], bool]:
    return lambda record: _value(field, record) is None


def _is_not_null(field: Accessor) -> Callable[[Record], bool]:
    return lambda record: _value(field, record) not in (None, MISSING)


def _equals(expected: Expected) -> Callable[[Record], bool]:
    return lambda record: _value(expected.field, record) == expected.text


EXPECT = Declaration(
    name="expect",
    summary="Checks that records are as they should be.",
    properties=ExpectProperties,
    build=ExpectFilter,
)
