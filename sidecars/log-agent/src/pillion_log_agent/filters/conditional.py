"""A processor that meets some records only: those of which its condition holds."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from pillion_log_agent.patterns.ruby import translate
from pillion_log_agent.records.accessor import parse_accessor

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.configuration.condition import Condition, ConditionRule
    from pillion_log_agent.filters.filter import Filter
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "lt": operator.lt,
    "gte": operator.ge,
    "lte": operator.le,
}


def holds(condition: Condition) -> Callable[[Record], bool]:
    """Return what says whether a condition holds of a record; raises ValueError."""
    rules = [_rule(each) for each in condition.rules]
    quantifier = all if condition.op == "and" else any
    return lambda record: quantifier(rule(record) for rule in rules)


def _rule(rule: ConditionRule) -> Callable[[Record], bool]:
    find = parse_accessor(rule.field).find
    op, value = rule.op, rule.value
    if op in ("exists", "not_exists"):
        return lambda record: (find(record) is not None) is (op == "exists")
    if op in ("regex", "not_regex"):
        search = translate(str(value)).search
        return lambda record: (
            (isinstance(found := find(record), str) and search(found) is not None)
            is (op == "regex")
        )
    if op in ("in", "not_in"):
        return lambda record: any(_is_same(find(record), each) for each in value) is (op == "in")
    if op in ("eq", "neq"):
        return lambda record: _is_same(find(record), value) is (op == "eq")
    compare = _COMPARED[op]
    return lambda record: _is_number(found := find(record)) and compare(found, value)


def _is_same(found: Any, value: Any) -> bool:
    """Whether two values are the same: true is not 1, and '1' is not 1."""
    if isinstance(found, bool) or isinstance(value, bool):
        return found is value
    return bool(found == value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class ConditionalFilter:
    """Applies a filter to the records of which a condition holds; the others stay as they are."""

    def __init__(self, inner: Filter, condition: Condition) -> None:
        self._inner = inner
        self._holds = holds(condition)

    def apply(self, batch: Batch) -> Batch:
        """Return the batch, in its order, without what the filter has taken out."""
        meets = [self._holds(record) for record in batch.records()]
        if all(meets):
            return self._inner.apply(batch)
        chosen = [index for index, is_met in enumerate(meets) if is_met]
        if not chosen:
            return batch
        changed = self._inner.apply(batch.select(chosen))
        by_offset = dict(zip(changed.offsets, changed.records(), strict=True))
        times = dict(zip(changed.offsets, changed.times.nanoseconds(), strict=True))
        kept: list[int] = []
        records: list[Record] = []
        found_times: list[int] = []
        own_times = batch.times.nanoseconds()
        for index, (offset, record) in enumerate(zip(batch.offsets, batch.records(), strict=True)):
            if meets[index] and offset not in by_offset:
                continue
            kept.append(index)
            records.append(by_offset[offset] if meets[index] else record)
            found_times.append(times[offset] if meets[index] else own_times[index])
        rest = batch.select(kept)
        rest.replace(records)
        rest.times = type(batch.times)(found_times)
        return rest
