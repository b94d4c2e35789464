"""`Merge_Log` over columns: logs that are objects are spliced into their rows as they are. Pure.

Of an object only those fields are decoded that its row has already, since the object's take their
place. A row where they do, or where more has to change, becomes a record and is merged as such.
"""

from __future__ import annotations

from itertools import repeat
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from pillion_log_agent.filters.kubernetes.merging import LOG
from pillion_log_agent.records.column import Values
from pillion_log_agent.records.json_rows import MISSING, block_of, decode_fields
from pillion_log_agent.records.known import KnownFields
from pillion_log_agent.records.spliced import PLACEHOLDER
from pillion_log_agent.records.wire import Wire, cut, json_of, to_wire

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pillion_log_agent.filters.kubernetes.merging import Merging
    from pillion_log_agent.records.columns import Columns

_OF_DOCKER = ("log", "stream", "time")
_LINE_ENDS = ('\\n"', '\\r"')
"""How JSON spells a text that ends in a line end."""


def splice_logs(merging: Merging, columns: Columns, now: int, asked_for: set[str]) -> bool:
    """Merge the logs of rows; False, and nothing merged, where they have to be records for it.

    Args:
        merging: how; it has no parser.
        columns: are changed.
        now: nanoseconds.
        asked_for: fields that later filters look for in what is merged; it is added to.
    """
    if columns.tail is not None or not columns.narrow(_OF_DOCKER):
        return False
    outer = {*(_OF_DOCKER if columns.head is not None else ()), *columns.fields, *columns.common}
    if merging.key in outer:
        return False
    (logs,) = columns.values(LOG)
    objects = _objects_of(logs, columns.odd)
    block = block_of(objects.bodies)
    # What later filters have looked for in earlier objects is decoded along with the rest.
    asked = tuple(sorted(asked_for - outer)) if merging.key is None else ()
    names = () if merging.key is not None else (*sorted(outer), *asked)
    found, broken = decode_fields(block, names, columns.count)
    singly = {*objects.unlike, *broken}
    for column in found[: len(names) - len(asked)]:
        if column.count(MISSING) < len(column):
            singly.update(row for row, value in enumerate(column) if value is not MISSING)
    if merging.trims and any(end.encode() in block for end in _LINE_ENDS):
        singly |= _with_line_ends(objects.bodies)
    if not merging.keeps_log:
        # What is not merged keeps its log, and so is of another kind.
        singly.update(objects.others)
    columns.make_odd(sorted(singly))
    for record in columns.odd.values():
        merging.merge(record, None, now)
    if not merging.keeps_log:
        _drop_log(columns)
    columns.asked = asked_for
    columns.splice(
        _tail(objects.bodies, merging.key),
        KnownFields(dict(zip(names, found, strict=True)))
        if merging.key is None
        else KnownFields({}, frozenset({merging.key})),
    )
    return True


class _Logs(NamedTuple):
    """Logs that are objects.

    Attributes:
        bodies: what is between the braces in each row; a placeholder where the log is no object.
        others: the rows where it is none.
        unlike: those of them that cannot be spliced, but may be merged all the same.
    """

    bodies: list[Wire]
    others: list[int]
    unlike: list[int]


def _objects_of(logs: list[Any], odd: Mapping[int, Any]) -> _Logs:
    """Return the logs as objects; the list is changed."""
    for row in odd:
        logs[row] = None
    rows: list[int] = []
    texts: list[str] = []
    others: list[int] = []
    unlike: list[int] = []
    for row, log in enumerate(logs):
        text = log
        if isinstance(log, str) and not (log[:1] == "{" and log[-2:] == "}\n"):
            text = log.strip() + "\n"
        if isinstance(text, str) and text[0] == "{" and text[-2] == "}":
            rows.append(row)
            texts.append(text)
        else:
            others.append(row)
            # With text behind it, an object is one all the same; so is one that was read already.
            if isinstance(log, dict) or (isinstance(text, str) and text[0] == "{"):
                unlike.append(row)
    block = "".join(texts)
    if block.count("\n") > len(rows):
        # One of several lines does not go into a row as it is.
        several = {row for row, text in zip(rows, texts, strict=True) if text.count("\n") > 1}
        texts = [text for row, text in zip(rows, texts, strict=True) if row not in several]
        rows = [row for row in rows if row not in several]
        others, unlike = [*others, *several], [*unlike, *several]
        block = "".join(texts)
    bodies = [PLACEHOLDER] * len(logs)
    wire = to_wire(block.encode("utf-8", "replace"))
    for row, body in zip(rows, cut(wire[1:-2], "}\n{") if rows else (), strict=True):
        bodies[row] = body
    return _Logs(bodies, others, unlike)


def _tail(bodies: Sequence[Wire], key: str | None) -> list[Wire]:
    """Return what stands at the end of each row."""
    before, after = (",", "") if key is None else (f",{json_of(key)}:{{", "}")
    tail = list(map(add, repeat(before), bodies))
    if after:
        tail = list(map(add, tail, repeat(after)))
    for row, body in enumerate(bodies):
        if not body or (body[0] <= " " and body.isspace()):
            tail[row] = ""
    return cast("list[Wire]", tail)


def _with_line_ends(bodies: Sequence[Wire]) -> set[int]:
    """Return the rows whose objects have a text that ends in a line end."""
    return {row for row, body in enumerate(bodies) if any(end in body for end in _LINE_ENDS)}


def _drop_log(columns: Columns) -> None:
    """Take the logs out of the rows that are not odd."""
    if columns.head is not None:
        names = [name for name in _OF_DOCKER if name != LOG]
        fields = zip(names, map(Values, columns.values(*names)), strict=True)
        columns.head, columns.fields = None, dict(fields) | columns.fields
    columns.fields.pop(LOG, None)
