"""The body of a bulk request: an action and a document for each record. Pure.

Source: Elasticsearch's and OpenSearch's manuals, "Bulk API".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion_log_agent.patterns.strftime import format_time
from pillion_log_agent.records.accessor import Accessor, Template, parse_accessor, parse_template
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.wire import from_wire, interleaved, json_of

if TYPE_CHECKING:
    from pillion_log_agent.outputs.elasticsearch.properties import BulkProperties
    from pillion_log_agent.records.columns import Record

MINUTE = 60 * 1_000_000_000
HOUR = 60 * MINUTE
DEFAULT_INDEX = "fluent-bit"
DEFAULT_TIME = "%Y-%m-%dT%H:%M:%S"


@dataclass(frozen=True, slots=True)
class BulkFormat:
    """What the properties make of each record.

    Attributes:
        operation: `create`, `index` or `update`.
        is_upsert: an update makes the document where it is not there.
        index: its name, or where it comes from.
        target: makes the index of a record's fields; where it cannot, `index` is it.
        prefix_key: the field whose value takes the place of the index's prefix.
        ids: `generated`, `none`, or where in the record they are.
    """

    operation: str
    is_upsert: bool
    index: str
    target: Template | None
    date: str
    separator: str
    prefix_key: Accessor | None
    uses_now: bool
    type: str | None
    ids: Accessor | bool
    time_key: str
    time_format: str
    digits: int
    tag_key: str | None
    replaces_dots: bool

    @classmethod
    def of(cls, properties: BulkProperties) -> BulkFormat:
        """Return the plan; raises ValueError with a sentence."""
        is_update = properties.write_operation in ("update", "upsert")
        if is_update and not (properties.id_key or properties.generate_id):
            raise ValueError(f"write_operation: {properties.write_operation} needs id_key")
        by_day = properties.logstash_format
        prefix_key = properties.logstash_prefix_key
        index, target = _index_and_target(properties)
        return cls(
            operation="update" if is_update else properties.write_operation,
            is_upsert=properties.write_operation == "upsert",
            index=index,
            target=target,
            date=properties.logstash_dateformat if by_day else "",
            separator=properties.logstash_prefix_separator,
            prefix_key=parse_accessor(prefix_key) if prefix_key and by_day else None,
            uses_now=properties.current_time_index,
            type=None if properties.suppress_type_name else properties.type,
            ids=parse_accessor(properties.id_key) if properties.id_key else properties.generate_id,
            time_key=properties.time_key,
            time_format=properties.time_key_format,
            digits=9 if properties.time_key_nanos else 3,
            tag_key=properties.tag_key if properties.include_tag_key else None,
            replaces_dots=properties.replace_dots,
        )

    @property
    def is_plain(self) -> bool:
        """Whether nothing of it depends on the fields of a record."""
        return not (
            self.target or self.prefix_key or isinstance(self.ids, Accessor) or self.replaces_dots
        )


def _index_and_target(properties: BulkProperties) -> tuple[str, Template | None]:
    if properties.logstash_format:
        return properties.logstash_prefix, None
    if properties.target_index is not None:
        return properties.index, parse_template(properties.target_index, needs_all=True)
    if "$" in properties.index:
        return DEFAULT_INDEX, parse_template(properties.index, needs_all=False)
    return properties.index, None


def bulk_body(batch: Batch, plan: BulkFormat, now: int) -> bytes:
    """Return the body for a batch: two lines for each record.

    Args:
        batch: sealed.
        plan: what is made of it.
        now: nanoseconds, for an index that is named after today.
    """
    records = None if plan.is_plain else batch.decoded()
    if records is not None and plan.replaces_dots:
        batch = _again(batch, [_without_dots(each) for each in records])
    actions = _actions(batch, plan, records, batch.offsets, now)
    opening = '{"doc":{' if plan.operation == "update" else "{"
    if batch.columns.may_have(plan.time_key):
        batch = _with_times(batch, plan)
        document: tuple[str | list[str], ...] = (opening,)
        lead = ""
    else:
        document = (f'{opening}{json_of(plan.time_key)}:"', _times(batch, plan), 'Z"')
        lead = ","
    return from_wire(interleaved("", *actions, *document, batch.rows(lead), _end(batch, plan)))


def _end(batch: Batch, plan: BulkFormat) -> str:
    """Return what ends each document, with its newline."""
    tag = "" if plan.tag_key is None else "," + json_of({plan.tag_key: batch.tag})[1:-1]
    if plan.operation != "update":
        return tag + "}\n"
    return tag + ('},"doc_as_upsert":true}\n' if plan.is_upsert else "}}\n")


def _actions(
    batch: Batch, plan: BulkFormat, records: list[Record] | None, offsets: list[int], now: int
) -> list[str | list[str]]:
    """Return the columns that the actions are made of."""
    indices = _indices(batch, plan, records, now)
    if plan.ids is True and isinstance(indices, str):
        # The usual case: all but the offset is the same, and one call writes them all.
        head, tail = _action(plan, indices, f"{batch.origin.identity}-\0").split("\\u0000")
        return [head, json_of(offsets)[1:-1].split(","), tail]
    if plan.ids is False and isinstance(indices, str):
        return [_action(plan, indices, None)]
    names = [indices] * len(offsets) if isinstance(indices, str) else indices
    ids = _ids(batch, plan, records, offsets)
    return [[_action(plan, index, each) for index, each in zip(names, ids, strict=True)]]


def _action(plan: BulkFormat, index: str, document: str | None) -> str:
    target = {"_index": index}
    if plan.type is not None:
        target["_type"] = plan.type
    if document is not None:
        target["_id"] = document
    return json_of({plan.operation: target}) + "\n"


def _ids(
    batch: Batch, plan: BulkFormat, records: list[Record] | None, offsets: list[int]
) -> list[str | None]:
    identity = batch.origin.identity
    generated: list[str | None] = [f"{identity}-{offset}" for offset in offsets]
    if plan.ids is True:
        return generated
    if plan.ids is False or records is None:
        return [None] * len(offsets)
    found = [plan.ids.find(record) for record in records]
    return [
        other if value is None else str(value)
        for value, other in zip(found, generated, strict=True)
    ]


def _indices(
    batch: Batch, plan: BulkFormat, records: list[Record] | None, now: int
) -> str | list[str]:
    """Return the one index of all records, or one for each."""
    named = _named_by_time(batch, plan, records, now)
    if plan.target is None or records is None:
        return named
    others = [named] * len(records) if isinstance(named, str) else named
    return [
        plan.target.fill(record, batch.tag) or other
        for record, other in zip(records, others, strict=True)
    ]


def _named_by_time(
    batch: Batch, plan: BulkFormat, records: list[Record] | None, now: int
) -> str | list[str]:
    if not plan.date and "%" not in plan.index:
        return plan.index
    if plan.uses_now and records is None:
        return _index(plan, plan.index, now)
    if plan.prefix_key is None and not plan.uses_now:
        first, last = batch.times.span()
        one = _index(plan, plan.index, first)
        # An index is named after a minute at the finest, and no name comes again within an hour.
        if last - first < HOUR and one == _index(plan, plan.index, last):
            return one
    days: dict[str, str] = {}
    names: list[str] = []
    prefixes = (
        [_as_prefix(plan.prefix_key.find(record)) for record in records]
        if plan.prefix_key is not None and records is not None
        else None
    )
    for number, time in enumerate(batch.times.nanoseconds()):
        prefix = prefixes[number] if prefixes is not None else None
        key = f"{time // MINUTE} {prefix}"
        name = days.get(key)
        if name is None:
            base = prefix or plan.index
            name = days[key] = _index(plan, base, now if plan.uses_now else time)
        names.append(name)
    return names[0] if len(set(names)) == 1 else names


def _as_prefix(value: Any) -> str | None:
    """Return a value as a name begins with it: text, a number or a truth value."""
    if isinstance(value, int | float):
        return json_of(value)
    return value if isinstance(value, str) else None


def _index(plan: BulkFormat, base: str, time: int) -> str:
    if plan.date:
        return f"{base}{plan.separator}{format_time(plan.date, time)}"
    return format_time(base, time)


def _times(batch: Batch, plan: BulkFormat) -> list[str]:
    if plan.time_format == DEFAULT_TIME:
        return batch.times.iso(plan.digits)
    return [
        f"{format_time(plan.time_format, time)}.{f'{time % 1_000_000_000:09d}'[: plan.digits]}"
        for time in batch.times.nanoseconds()
    ]


def _again(batch: Batch, records: list[Record]) -> Batch:
    """Return a batch with other records in the place of these."""
    return Batch(
        batch.tag,
        batch.origin,
        batch.times,
        records=records,
        offsets=batch.offsets,
        size=batch.size,
    )


def _with_times(batch: Batch, plan: BulkFormat) -> Batch:
    """Return a batch whose records have their times in them; a time that is there stays."""
    key = plan.time_key
    times = _times(batch, plan)
    return _again(
        batch,
        [
            record if key in record else {key: f"{time}Z", **record}
            for time, record in zip(times, batch.decoded(), strict=True)
        ],
    )


def with_names_once(batch: Batch) -> Batch:
    """Return a batch in whose objects each name is there once: the last of them, as JSON has it."""
    return _again(batch, batch.decoded())


def _without_dots(value: Any) -> Any:
    if isinstance(value, dict):
        return {key.replace(".", "_"): _without_dots(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_dots(each) for each in value]
    return value
