"""The filter `modify`: changes records by rules, where conditions hold.

Source: "Modify" of fluent-bit's manual.
"""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003  # a field of a dataclass
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from pillion.settings import Kind, repeated
from pillion_log_agent.configuration.declaration import Declaration, InOrder
from pillion_log_agent.configuration.kinds import words
from pillion_log_agent.filters.conditions import CONDITION, Condition
from pillion_log_agent.patterns.ruby import translate

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.patterns.pattern import Pattern
    from pillion_log_agent.records.batch import Batch

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rule(InOrder):
    """One rule: changes a record in place.

    Attributes:
        apply: changes a record.
        source: as it was written.
        patterns: those in it.
    """

    apply: Callable[[Record], None]
    source: str
    patterns: tuple[Pattern, ...] = ()


def _one(make: Callable[[str], Callable[[Record], None]], shape: str = "KEY") -> Kind[Rule]:
    word = words(1, shape)
    return Kind(shape, lambda text: Rule(make(word.parse(text)[0]), text), lambda rule: rule.source)


def _two(make: Callable[[str, str], Callable[[Record], None]], shape: str) -> Kind[Rule]:
    pair = words(2, shape)

    def parse(text: str) -> Rule:
        first, second = pair.parse(text)
        return Rule(make(first, second), text)

    return Kind(shape, parse, lambda rule: rule.source)


def _by_pattern(text: str) -> Rule:
    pattern = translate(words(1, "REGEX").parse(text)[0])
    return Rule(_remove_all(pattern.search), text, (pattern,))


def _set(key: str, value: str) -> Callable[[Record], None]:
    def apply(record: Record) -> None:
        # Set anew, it goes to the end.
        record.pop(key, None)
        record[key] = value

    return apply


def _add(key: str, value: str) -> Callable[[Record], None]:
    return lambda record: record.setdefault(key, value) and None


def _remove(key: str) -> Callable[[Record], None]:
    return lambda record: record.pop(key, None) and None


def _remove_all(is_one: Callable[[str], object]) -> Callable[[Record], None]:
    def apply(record: Record) -> None:
        for key in [key for key in record if is_one(key)]:
            del record[key]

    return apply


def _remove_wildcard(prefix: str) -> Callable[[Record], None]:
    start = prefix.rstrip("*")
    return _remove_all(lambda key: key.startswith(start))


def _rename(key: str, other: str) -> Callable[[Record], None]:
    def apply(record: Record) -> None:
        if key in record and other not in record:
            _replace_key(record, key, other)

    return apply


def _hard_rename(key: str, other: str) -> Callable[[Record], None]:
    def apply(record: Record) -> None:
        if key in record and key != other:
            record.pop(other, None)
            _replace_key(record, key, other)

    return apply


def _copy(key: str, other: str) -> Callable[[Record], None]:
    def apply(record: Record) -> None:
        if key in record and other not in record:
            _put_behind(record, key, other)

    return apply


def _hard_copy(key: str, other: str) -> Callable[[Record], None]:
    def apply(record: Record) -> None:
        if key in record and key != other:
            record.pop(other, None)
            _put_behind(record, key, other)

    return apply


def _move_to_start(prefix: str) -> Callable[[Record], None]:
    start = prefix.rstrip("*")
    return lambda record: _reorder(record, lambda key: not key.startswith(start))


def _move_to_end(prefix: str) -> Callable[[Record], None]:
    start = prefix.rstrip("*")
    return lambda record: _reorder(record, lambda key: key.startswith(start))


def _reorder(record: Record, is_last: Callable[[str], bool]) -> None:
    pairs = sorted(record.items(), key=lambda pair: is_last(pair[0]))
    record.clear()
    record.update(pairs)


def _put_behind(record: Record, key: str, other: str) -> None:
    """Give a field's value to another, which comes right behind it."""
    pairs = list(record.items())
    record.clear()
    for name, value in pairs:
        record[name] = value
        if name == key:
            record[other] = value


def _replace_key(record: Record, key: str, other: str) -> None:
    """Give a field another name, in the same place."""
    pairs = [(other if name == key else name, value) for name, value in record.items()]
    record.clear()
    record.update(pairs)


@dataclass(frozen=True, slots=True)
class ModifyProperties:
    """The properties of `modify`. The rules are applied in the order in which they stand."""

    condition: tuple[Condition, ...] = repeated(
        "condition", CONDITION, "All of them have to hold for a record to be changed."
    )
    set: tuple[Rule, ...] = repeated("set", _two(_set, "KEY VALUE"), "Give a field a value.")
    add: tuple[Rule, ...] = repeated(
        "add", _two(_add, "KEY VALUE"), "The same, if it is not there."
    )
    remove: tuple[Rule, ...] = repeated("remove", _one(_remove), "Take a field out.")
    remove_wildcard: tuple[Rule, ...] = repeated(
        "remove_wildcard", _one(_remove_wildcard, "PREFIX"), "Take fields out that begin so."
    )
    remove_regex: tuple[Rule, ...] = repeated(
        "remove_regex",
        Kind("REGEX", _by_pattern, lambda rule: rule.source),
        "Take fields out whose names match.",
    )
    rename: tuple[Rule, ...] = repeated(
        "rename", _two(_rename, "KEY OTHER"), "Rename a field, if the other is not there."
    )
    hard_rename: tuple[Rule, ...] = repeated(
        "hard_rename", _two(_hard_rename, "KEY OTHER"), "Rename a field."
    )
    copy: tuple[Rule, ...] = repeated(
        "copy", _two(_copy, "KEY OTHER"), "Copy a field, if the other is not there."
    )
    hard_copy: tuple[Rule, ...] = repeated(
        "hard_copy", _two(_hard_copy, "KEY OTHER"), "Copy a field."
    )
    move_to_start: tuple[Rule, ...] = repeated(
        "move_to_start", _one(_move_to_start, "PREFIX"), "Put fields first that begin so."
    )
    move_to_end: tuple[Rule, ...] = repeated(
        "move_to_end", _one(_move_to_end, "PREFIX"), "Put fields last that begin so."
    )


class ModifyFilter:
    """Changes records by rules."""

    def __init__(self, properties: ModifyProperties, _context: FilterContext) -> None:
        rules: list[Rule] = [
            rule
            for field in fields(properties)
            if field.name != "condition"
            for rule in getattr(properties, field.name)
        ]
        rules.sort(key=lambda rule: rule.position)
        self._apply = [rule.apply for rule in rules]
        self._holds = [condition.holds for condition in properties.condition]

    def apply(self, batch: Batch) -> Batch:
        """Return the batch, changed."""
        for record in batch.records():
            if all(holds(record) for holds in self._holds):
                for apply in self._apply:
                    apply(record)
        return batch


MODIFY = Declaration(
    name="modify",
    summary="Changes records by rules, where conditions hold.",
    properties=ModifyProperties,
    build=ModifyFilter,
)
