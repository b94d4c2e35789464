"""`Merge_Log` over columns: logs that are objects are spliced into their rows as they are. Pure.

Of an object only those fields are decoded that its row has already, since the object's take their
place. A row where they do, or where more has to change, becomes a record and is merged as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pillion_log_agent.filters.kubernetes.merging import LOG
from pillion_log_agent.records.column import Values
from pillion_log_agent.records.json_rows import MISSING, block_of, decode_fields
from pillion_log_agent.records.wire import Wire, json_of, split_rows, to_wire

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
    bodies, unlike = _bodies_of(logs, columns.odd)
    # What later filters have looked for in earlier objects is decoded along with the rest.
    asked = tuple(sorted(asked_for - outer)) if merging.key is None else ()
    names = () if merging.key is not None else (*sorted(outer), *asked)
    rows, (found, broken) = (
        list(bodies),
        decode_fields(block_of(list(bodies.values())), names, len(bodies)),
    )
    singly = {*unlike, *(rows[number] for number in broken)}
    for column in found[: len(names) - len(asked)]:
        if column.count(MISSING) < len(column):
            singly.update(
                row for row, value in zip(rows, column, strict=True) if value is not MISSING
            )
    singly.update(row for row, log in enumerate(logs) if isinstance(log, dict))
    if merging.trims:
        singly |= _with_line_ends(bodies)
    if not merging.keeps_log:
        # What is not merged keeps its log, and so is of another kind.
        singly |= set(range(columns.count)) - bodies.keys()
    columns.make_odd(sorted(singly))
    for record in columns.odd.values():
        merging.merge(record, None, now)
    if not merging.keeps_log:
        _drop_log(columns)
    looked_for = zip(asked, found[len(names) - len(asked) :], strict=True)
    columns.splice(
        _tail(bodies, columns.count, merging.key),
        {name: _by_row(rows, column, columns.count) for name, column in looked_for},
    )
    columns.asked = asked_for
    return True


def _tail(bodies: dict[int, Wire], count: int, key: str | None) -> list[Wire]:
    """Return what stands at the end of each row."""
    tail = [Wire("")] * count
    before, after = (",", "") if key is None else (f",{json_of(key)}:{{", "}")
    for row, body in bodies.items():
        if body and not body.isspace():
            tail[row] = Wire(f"{before}{body}{after}")
    return tail


def _by_row(rows: Sequence[int], column: Sequence[Any], count: int) -> list[Any]:
    values: list[Any] = [MISSING] * count
    for row, value in zip(rows, column, strict=True):
        values[row] = value
    return values


def _bodies_of(logs: Sequence[Any], odd: Mapping[int, Any]) -> tuple[dict[int, Wire], list[int]]:
    """Return what is between the braces of the logs that look like an object, by row.

    And the rows of such as have several lines, which cannot be spliced.
    """
    rows = [
        row
        for row, log in enumerate(logs)
        if isinstance(log, str) and log.lstrip()[:1] == "{" and log.rstrip()[-1:] == "}"
    ]
    rows = [row for row in rows if row not in odd] if odd else rows
    texts = [logs[row].strip() for row in rows]
    unlike = [row for row, text in zip(rows, texts, strict=True) if "\n" in text]
    if unlike:
        rows = [row for row, text in zip(rows, texts, strict=True) if "\n" not in text]
        texts = [text for text in texts if "\n" not in text]
    if not texts:
        return {}, unlike
    wire = split_rows(to_wire("\n".join(texts).encode("utf-8", "replace")))
    return {row: Wire(text[1:-1]) for row, text in zip(rows, wire, strict=True)}, unlike


def _with_line_ends(bodies: dict[int, Wire]) -> set[int]:
    """Return the rows whose objects have a text that ends in a line end."""
    text = "\n".join(bodies.values())
    ends = [end for end in _LINE_ENDS if end in text]
    return {row for end in ends for row, body in bodies.items() if end in body}


def _drop_log(columns: Columns) -> None:
    """Take the logs out of the rows that are not odd."""
    if columns.head is not None:
        names = [name for name in _OF_DOCKER if name != LOG]
        fields = zip(names, map(Values, columns.values(*names)), strict=True)
        columns.head, columns.fields = None, dict(fields) | columns.fields
    columns.fields.pop(LOG, None)
