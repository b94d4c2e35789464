"""Taking the texts out of a batch, and putting others in their place where they differ.

Nothing is decoded that is not looked at: what filters have added to every row is known once, a
column of texts is taken as it is, and a row that has nothing in it is not written again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pillion_log_agent.filters.redact.telling import Telling
from pillion_log_agent.records.column import Texts, Values, WireTexts
from pillion_log_agent.records.json_rows import block_of, decode_rows
from pillion_log_agent.records.spliced import Spliced
from pillion_log_agent.records.wire import Wire, json_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion_log_agent.filters.redact.selection import Selection
    from pillion_log_agent.records.columns import Columns, Record


class Taken:
    """Texts of records, a span for each record, until others are put back."""

    def __init__(self, selection: Selection) -> None:
        self.texts: list[str] = []
        self._selection = selection
        self._telling = Telling(self.texts)
        self._puts: list[Callable[[list[str]], bool]] = []

    def put_back(self, texts: list[str]) -> bool:
        """Put other texts in the place of those that were taken; return whether any differs."""
        if texts == self.texts:
            return False
        return sum(put(texts) for put in self._puts) > 0

    def take_records(
        self, records: Sequence[Record], changed: Callable[[int], None] | None = None
    ) -> None:
        """Take the texts of records, which are changed in place; `changed` is told which."""
        texts, visit, take = self.texts, self._selection.visit, self._telling.take
        bounds = [len(texts)]
        for record in records:
            visit(record, take)
            bounds.append(len(texts))

        def put(new: list[str]) -> bool:
            if new[bounds[0] : bounds[-1]] == texts[bounds[0] : bounds[-1]]:
                return False
            for row, record in enumerate(records):
                start, end = bounds[row], bounds[row + 1]
                if new[start:end] != texts[start:end]:
                    visit(record, self._telling.giver(new[start:end]))
                    if changed is not None:
                        changed(row)
            return True

        self._puts.append(put)

    def take_columns(self, columns: Columns) -> None:
        """Take the texts of columns."""
        head, head_rows = self._objects(
            columns, None if columns.head is None else columns.head.block
        )
        bodies = None if columns.tail is None else [text[1:] for text in columns.tail]
        tail, tail_rows = self._objects(columns, None if bodies is None else block_of(bodies))
        self.take_records(head, head_rows.append)
        self.take_records(tail, tail_rows.append)
        self._puts.append(lambda _: _put_objects(columns, head, head_rows, tail, tail_rows))
        for name in columns.fields:
            self._take_field(columns, name)
        self.take_records([columns.common])
        self.take_records(list(columns.odd.values()))

    def _objects(self, columns: Columns, block: bytes | None) -> tuple[list[Record], list[int]]:
        if block is None:
            return [], []
        records, broken = decode_rows(block, columns.count)
        columns.make_odd(broken)
        for row in columns.odd:
            # They are looked at by themselves.
            records[row] = {}
        return records, []

    def _take_field(self, columns: Columns, name: str) -> None:
        selection = self._selection
        if selection.keeps(name):
            return
        column = columns.fields[name]
        values = column.values()
        if not isinstance(column, (Texts, WireTexts)) or not selection.takes_whole(name):
            # Each is a record of one field; MISSING is neither text nor number.
            records: list[dict[str, Any]] = [{name: value} for value in values]

            def changed(_row: int) -> None:
                columns.fields[name] = Values([record[name] for record in records])

            self.take_records(records, changed)
            return
        start = len(self.texts)
        self._telling.take_all(name, values)
        end = len(self.texts)

        def put(new: list[str]) -> bool:
            if new[start:end] == self.texts[start:end]:
                return False
            columns.fields[name] = Texts(self._telling.given_all(name, new[start:end]))
            return True

        self._puts.append(put)


def _put_objects(
    columns: Columns,
    head: list[Record],
    head_rows: list[int],
    tail: list[Record],
    tail_rows: list[int],
) -> bool:
    if not head_rows and not tail_rows:
        return False
    new_head, new_tail = columns.head, columns.tail
    if head_rows and new_head is not None:
        bodies = list(new_head.bodies())
        for row in head_rows:
            bodies[row] = Wire(json_of(head[row])[1:-1])
        new_head = Spliced.of_bodies(bodies)
    if tail_rows and new_tail is not None:
        new_tail = list(new_tail)
        for row in tail_rows:
            new_tail[row] = Wire("," + json_of(tail[row])[1:-1])
    columns.put_objects(new_head, new_tail)
    return True
