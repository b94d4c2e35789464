"""The conditions of the filter `modify`: which records its rules change. Pure.

Source: "Modify" of fluent-bit's manual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion.errors import nearest
from pillion.settings import Kind
from pillion_log_agent.configuration.kinds import words
from pillion_log_agent.patterns.ruby import translate
from pillion_log_agent.records.accessor import parse_accessor

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.patterns.pattern import Pattern
    from pillion_log_agent.records.columns import Record

    _Holds = Callable[[Record], bool]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition.

    Attributes:
        source: as it was written.
        holds: whether it holds for a record.
        patterns: those in it.
    """

    source: str
    holds: Callable[[Record], bool]
    patterns: tuple[Pattern, ...] = ()


def _key_exists(key: str) -> _Holds:
    field = parse_accessor(key)
    return lambda record: field.find(record) is not None


def _a_key_matches(regex: str) -> _Holds:
    search = translate(regex).search
    return lambda record: any(search(key) for key in record)


def _key_value_equals(key: str, value: str) -> _Holds:
    field = parse_accessor(key)
    return lambda record: field.find(record) == value


def _key_value_matches(key: str, regex: str) -> _Holds:
    field = parse_accessor(key)
    search = translate(regex).search
    return lambda record: _matches(field.find(record), search)


def _matching_keys(keys: str, values: str) -> _Holds:
    of_key, of_value = translate(keys).search, translate(values).search
    return lambda record: all(
        _matches(value, of_value) for key, value in record.items() if of_key(key)
    )


def _matches(value: Any, search: Callable[[str], Any]) -> bool:
    """Whether a value is text that has the pattern; `true` and `false` are text here."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    return isinstance(value, str) and search(value) is not None


def _not(make: Callable[..., _Holds]) -> Callable[..., _Holds]:
    def made(*words: str) -> _Holds:
        holds = make(*words)
        return lambda record: not holds(record)

    return made


def _there_and_not(make: Callable[[str, str], _Holds]) -> Callable[[str, str], _Holds]:
    """Return the opposite of a condition on a value, which a field that is missing never meets."""

    def made(key: str, value: str) -> _Holds:
        exists, holds = _key_exists(key), make(key, value)
        return lambda record: exists(record) and not holds(record)

    return made


@dataclass(frozen=True, slots=True)
class _Form:
    """What follows the name of a condition, and which of the words are patterns."""

    make: Callable[..., _Holds]
    shape: str
    patterns: tuple[int, ...] = ()


_FORMS = {
    "key_exists": _Form(_key_exists, "KEY"),
    "key_does_not_exist": _Form(_not(_key_exists), "KEY"),
    "a_key_matches": _Form(_a_key_matches, "REGEX", (0,)),
    "no_key_matches": _Form(_not(_a_key_matches), "REGEX", (0,)),
    "key_value_equals": _Form(_key_value_equals, "KEY VALUE"),
    "key_value_does_not_equal": _Form(_there_and_not(_key_value_equals), "KEY VALUE"),
    "key_value_matches": _Form(_key_value_matches, "KEY REGEX", (1,)),
    "key_value_does_not_match": _Form(_there_and_not(_key_value_matches), "KEY REGEX", (1,)),
    "matching_keys_have_matching_values": _Form(_matching_keys, "REGEX REGEX", (0, 1)),
    "matching_keys_do_not_have_matching_values": _Form(_not(_matching_keys), "REGEX REGEX", (0, 1)),
}


def _condition(text: str) -> Condition:
    name, *rest = text.split(None, 1)
    form = _FORMS.get(name.lower())
    if form is None:
        hint = nearest(name.lower(), list(_FORMS))
        meant = f"; did you mean {hint}?" if hint else ""
        raise ValueError(f"has no condition {name!r}{meant} (known: {', '.join(_FORMS)})")
    count = len(form.shape.split())
    found = words(count, f"{name} {form.shape}").parse(rest[0] if rest else "")
    patterns = tuple(translate(found[each]) for each in form.patterns)
    return Condition(text, form.make(*found), patterns)


CONDITION: Kind[Condition] = Kind("CONDITION KEY [VALUE]", _condition, lambda each: each.source)
