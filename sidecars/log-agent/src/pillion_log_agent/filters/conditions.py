"""The conditions of the filter `modify`: which records its rules change. Pure.

Source: "Modify" of fluent-bit's manual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion.errors import nearest
from pillion.settings import Kind
from pillion_log_agent.configuration.kinds import words
from pillion_log_agent.filters.grep import as_text
from pillion_log_agent.patterns.ruby import translate
from pillion_log_agent.records.accessor import parse_accessor

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.records.batch import Record


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition.

    Attributes:
        source: as it was written.
        holds: whether it holds for a record.
    """

    source: str
    holds: Callable[[Record], bool]


def _key_exists(key: str) -> Callable[[Record], bool]:
    field = parse_accessor(key)
    return lambda record: field.find(record) is not None


def _a_key_matches(regex: str) -> Callable[[Record], bool]:
    search = translate(regex).compiled.search
    return lambda record: any(search(key) for key in record)


def _key_value_equals(key: str, value: str) -> Callable[[Record], bool]:
    field = parse_accessor(key)
    return lambda record: _is(field.find(record), value)


def _key_value_matches(key: str, regex: str) -> Callable[[Record], bool]:
    field = parse_accessor(key)
    search = translate(regex).compiled.search
    return lambda record: _matches(field.find(record), search)


def _matching_keys(keys: str, values: str) -> Callable[[Record], bool]:
    of_key, of_value = translate(keys).compiled.search, translate(values).compiled.search
    return lambda record: all(
        _matches(value, of_value) for key, value in record.items() if of_key(key)
    )


def _is(value: Any, text: str) -> bool:
    return value is not None and as_text(value) == text


def _matches(value: Any, search: Callable[[str], Any]) -> bool:
    return value is not None and search(as_text(value)) is not None


_ONE: dict[str, tuple[Callable[[str], Callable[[Record], bool]], bool]] = {
    "key_exists": (_key_exists, True),
    "key_does_not_exist": (_key_exists, False),
    "a_key_matches": (_a_key_matches, True),
    "no_key_matches": (_a_key_matches, False),
}
_TWO: dict[str, tuple[Callable[[str, str], Callable[[Record], bool]], bool]] = {
    "key_value_equals": (_key_value_equals, True),
    "key_value_does_not_equal": (_key_value_equals, False),
    "key_value_matches": (_key_value_matches, True),
    "key_value_does_not_match": (_key_value_matches, False),
    "matching_keys_have_matching_values": (_matching_keys, True),
    "matching_keys_do_not_have_matching_values": (_matching_keys, False),
}


def _condition(text: str) -> Condition:
    name, *rest = text.split(None, 1)
    word = name.lower()
    if word in _ONE:
        make, expected = _ONE[word]
        holds = make(words(1, f"{name} KEY").parse(rest[0] if rest else "")[0])
    elif word in _TWO:
        make_two, expected = _TWO[word]
        key, value = words(2, f"{name} KEY VALUE").parse(rest[0] if rest else "")
        holds = make_two(key, value)
    else:
        known = [*_ONE, *_TWO]
        hint = nearest(word, known)
        meant = f"; did you mean {hint}?" if hint else ""
        raise ValueError(f"has no condition {name!r}{meant} (known: {', '.join(known)})")
    return Condition(text, holds if expected else lambda record: not holds(record))


CONDITION: Kind[Condition] = Kind("CONDITION KEY [VALUE]", _condition, lambda each: each.source)
