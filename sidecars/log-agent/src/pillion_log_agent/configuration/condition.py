"""Conditions of processors and routes, as YAML writes them. Pure.

Source: fluent-bit's manual, "Conditional processing".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

OPERATORS = tuple(
    "eq neq gt lt gte lte regex not_regex in not_in exists not_exists".split()  # noqa: SIM905
)
_LISTS = ("in", "not_in")
_NO_VALUE = ("exists", "not_exists")
_NUMBERS = ("gt", "lt", "gte", "lte")
MOST_RULES = 100


@dataclass(frozen=True, slots=True)
class ConditionRule:
    """A field, and what has to hold of it.

    Attributes:
        field: as it was written, such as `$level`.
        op: one of `OPERATORS`.
        value: what it is compared with; several for `in` and `not_in`.
    """

    field: str
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to hold of a record: all of some rules, or any."""

    op: Literal["and", "or"]
    rules: tuple[ConditionRule, ...]


def parse_condition(data: Any) -> Condition:
    """Return the condition that a YAML value says.

    Raises:
        ValueError: it says none; the sentence goes on behind the key.
    """
    if not isinstance(data, dict) or not isinstance(data.get("rules"), list) or not data["rules"]:
        raise ValueError("is no condition; it has op and rules")
    if unknown := sorted(set(data) - {"op", "rules"}):
        raise ValueError(f"has {unknown[0]!r}; a condition has op and rules")
    op = data.get("op", "and")
    if op not in ("and", "or"):
        raise ValueError(f"has the op {op!r}; write and or or")
    if len(data["rules"]) > MOST_RULES:
        raise ValueError(f"has more than {MOST_RULES} rules")
    return Condition(op, tuple(_rule(each) for each in data["rules"]))


def _rule(data: Any) -> ConditionRule:
    field = data.get("field") if isinstance(data, dict) else None
    if not field or field != str(field):
        raise ValueError("has a rule that is none; a rule has field, op and value")
    op = data.get("op")
    if op not in OPERATORS:
        raise ValueError(f"has the op {op!r}; there are {', '.join(OPERATORS)}")
    value = data.get("value")
    if op in _LISTS and not isinstance(value, list):
        raise ValueError(f"has a value that is no list; {op} needs one")
    if op not in _NO_VALUE and "value" not in data:
        raise ValueError(f"has a rule without a value; {op} needs one")
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if op in _NUMBERS and not is_number:
        raise ValueError(f"has the value {value!r}; {op} needs a number")
    return ConditionRule(field, op, value)


def written(condition: Condition) -> dict[str, Any]:
    """Return the YAML value that says a condition."""
    rules = []
    for rule in condition.rules:
        value = {} if rule.op in _NO_VALUE else {"value": rule.value}
        rules.append({"field": rule.field, "op": rule.op, **value})
    return {"op": condition.op, "rules": rules}
