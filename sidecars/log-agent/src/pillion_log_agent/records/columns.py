"""Records as columns: what each field is in every row, and the few rows that do not fit. Pure.

A row is one JSON object. What it says stands in this order: an object as it was read (`head`),
fields that were taken apart (`fields`), a second object spliced behind them (`tail`), and what is
the same in every row (`common`). Nothing is decoded that nobody asks for. A row that is of another
kind than its neighbours is a record in `odd`, and changes nothing for the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pillion_log_agent.records.column import Column, Values
from pillion_log_agent.records.json_rows import (
    MISSING,
    block_of,
    decode_body,
    decode_only,
    decode_rows,
)
from pillion_log_agent.records.known import KnownFields
from pillion_log_agent.records.spliced import PLACEHOLDER, Spliced
from pillion_log_agent.records.wire import (
    Piece,
    Rows,
    Wire,
    from_wire,
    json_of,
    json_texts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

Record = dict[str, Any]
_MOST_ASKED = 16
_OF_A_TEXT = 56
"""Bytes that Python takes for a text beside its characters."""


class Columns:
    """Rows of which most are of one kind.

    Attributes:
        count: of the rows.
        head: the objects as they were read, without their braces; None where there are none.
        fields: by name, in order.
        tail: `,"name":value...` or nothing for each row; None where no row has any.
        common: what every row says at its end.
        asked: takes the names of the fields that are looked for in `tail`; None for nobody's.
        odd: the rows of another kind, by their number; what the others say of them is void.
    """

    __slots__ = (
        "_of_head",
        "_of_tail",
        "asked",
        "common",
        "count",
        "fields",
        "head",
        "odd",
        "tail",
    )

    def __init__(
        self,
        count: int,
        *,
        head: Spliced | None = None,
        fields: dict[str, Column] | None = None,
        tail: list[Wire] | None = None,
        odd: dict[int, Record] | None = None,
        common: Record | None = None,
    ) -> None:
        self.count = count
        self.head = head
        self.fields = fields if fields is not None else {}
        self.tail = tail
        self.common = common if common is not None else {}
        self.odd = odd if odd is not None else {}
        self.asked: set[str] | None = None
        self._of_head = KnownFields()
        self._of_tail = KnownFields()

    @property
    def length(self) -> int:
        """About how many bytes the objects have as JSON, but for what is common to all."""
        length = len(self.head.block) if self.head is not None else 0
        if self.tail is not None:
            length += sum(map(len, self.tail))
        return length + sum(column.size for column in self.fields.values())

    @property
    def overhead(self) -> int:
        """About how many bytes of memory the rows take beside their texts."""
        return self.count * _OF_A_TEXT * (len(self.fields) + (self.tail is not None))

    def rows(self, lead: str = "") -> Rows:
        """Return the objects without their braces, for `interleaved`.

        Args:
            lead: what stands before an object that is not empty, such as a comma.
        """
        rows = self._even_rows(lead)
        if self.odd:
            texts = zip(self.odd, json_texts(list(self.odd.values())), strict=True)
            rows.others.update((row, _led(lead, text[1:-1])) for row, text in texts)
        return rows

    def bodies(self) -> list[Wire]:
        """Return each object without its braces."""
        return self.rows().texts()

    def records(self) -> list[Record]:
        """Return the rows as records; the odd ones are not copied."""
        rows = self._even_rows("")
        rows.others.update(dict.fromkeys(self.odd, PLACEHOLDER))
        bodies = rows.texts()
        records, broken = decode_rows(block_of(bodies), self.count)
        for row in broken:
            records[row] = decode_body(bodies[row])
        for row, record in self.odd.items():
            records[row] = record
        return records

    def record(self, row: int) -> Record:
        """Return one row as a record."""
        if row in self.odd:
            return self.odd[row]
        found: Record = {}
        if self.head is not None:
            found = decode_body(self.head.body(row))
        found |= {
            name: value
            for name, column in self.fields.items()
            if (value := column.values()[row]) is not MISSING
        }
        if self.tail is not None:
            found |= decode_body(Wire(self.tail[row][1:]))
        return found | self.common

    def values(self, *names: str) -> list[list[Any]]:
        """Return the values of fields in each row, `MISSING` where it has none."""
        found = self._values_of_head(names)
        for number, name in enumerate(names):
            if name in self.fields:
                found[number] = list(self.fields[name].values())
        self._overlay_tail(names, found)
        for number, name in enumerate(names):
            if name in self.common:
                found[number] = [self.common[name]] * self.count
            for row, record in self.odd.items():
                found[number][row] = record.get(name, MISSING)
        return found

    def narrow(self, names: tuple[str, ...]) -> bool:
        """Make odd the rows whose head has other fields than these.

        Returns: whether the rest are more than half of the rows; where not, nothing has changed.
        """
        if self.head is None:
            return True
        found, others = decode_only(self.head.block, names, self.count)
        if len(others) > self.count // 2:
            return False
        self._of_head = KnownFields(dict(zip(names, found, strict=True)), frozenset(names))
        self.make_odd(others)
        return True

    def put_objects(self, head: Spliced | None, tail: list[Wire] | None) -> None:
        """Put other objects in the place of those that were read and that were spliced."""
        self.head, self.tail = head, tail
        self._of_head, self._of_tail = KnownFields(), KnownFields()

    def splice(self, tail: list[Wire], known: KnownFields) -> None:
        """Put objects at the end of rows; what is known of their fields is kept."""
        self.tail, self._of_tail = tail, known

    def put(self, name: str, value: Any) -> None:
        """Give every row the same field."""
        self.separate(name)
        if name in self.fields:
            self.fields[name] = Values([value] * self.count)
        else:
            self.common[name] = value
        for record in self.odd.values():
            record[name] = value

    def add(self, name: str, values: list[Any]) -> None:
        """Give each row a value of its own in a field."""
        self.separate(name)
        self.common.pop(name, None)
        self.fields[name] = Values(values)
        for row, record in self.odd.items():
            record[name] = values[row]

    def remove(self, name: str) -> None:
        """Take a field from every row."""
        self.separate(name)
        self.fields.pop(name, None)
        self.common.pop(name, None)
        for record in self.odd.values():
            record.pop(name, None)

    def select(self, rows: Sequence[int]) -> Columns:
        """Return some of the rows."""
        places = {row: number for number, row in enumerate(rows)} if self.odd else {}
        found = Columns(
            len(rows),
            head=None if self.head is None else self.head.select(rows),
            fields={name: column.select(rows) for name, column in self.fields.items()},
            tail=None if self.tail is None else [self.tail[row] for row in rows],
            odd={places[row]: record for row, record in self.odd.items() if row in places},
            common=dict(self.common),
        )
        found._of_head = self._of_head.of_some(len(rows))
        found._of_tail = self._of_tail.of_some(len(rows))
        found.asked = self.asked
        return found

    def may_have(self, name: str) -> bool:
        """Whether a field may be in a row: its name is there, if only within another value."""
        if name in self.fields or name in self.common:
            return True
        self._note_asked((name,))
        return any(row not in self.odd for row in self._rows_with(name)) or any(
            name in record for record in self.odd.values()
        )

    def separate(self, name: str) -> None:
        """Make odd the rows whose spliced objects may have a field, so that it can be changed."""
        self.make_odd(self._rows_with(name))

    def _rows_with(self, name: str) -> list[int]:
        """Return the rows in whose spliced objects a field is, or a text that is its name."""
        text = Wire(json_of(name)[1:])
        rows: list[int] = []
        if self.head is not None:
            known = self._of_head.rows_with(name)
            if known is None and self.head.has(from_wire(text)):
                known = [row for row, body in enumerate(self.head.bodies()) if text in body]
            rows += known or ()
        if self.tail is not None:
            known = self._of_tail.rows_with(name)
            if known is None and text in "".join(self.tail):
                known = [row for row, body in enumerate(self.tail) if text in body]
            rows += known or ()
        return rows

    def make_odd(self, rows: Sequence[int]) -> None:
        """Make rows records of their own."""
        new = [row for row in dict.fromkeys(rows) if row not in self.odd]
        if new:
            self.odd.update({row: self.record(row) for row in new})

    def _even_rows(self, lead: str) -> Rows:
        """Return the objects as if no row were odd."""
        if self.head is None:
            first = next(iter(self.fields.values()), None)
            may_be_empty = self.tail is not None if first is None else first.is_sparse
            if not may_be_empty:
                return Rows(self.count, self.pieces_behind(lead), {})
            return Rows(self.count, [], self._headless(range(self.count), lead))
        quote, middles = self.head.cut()
        empty = [row for row, body in enumerate(middles) if not body] if not quote else []
        pieces = [Wire(lead + quote), middles, Wire(quote), *self.pieces_behind(",")]
        return Rows(self.count, pieces, self._headless(empty, lead) if empty else {})

    def _headless(self, rows: Sequence[int], lead: str) -> dict[int, Wire]:
        """Return the texts of rows whose first part may be empty: no comma follows it then."""
        texts = Rows(len(rows), self.select(rows).pieces_behind(","), {}).texts()
        return {row: _led(lead, text[1:]) for row, text in zip(rows, texts, strict=True)}

    def pieces_behind(self, lead: str) -> list[Piece]:
        """Return what stands behind the head, with `lead` before it."""
        pieces: list[Piece] = []
        for name, column in self.fields.items():
            pieces += column.pieces(Wire(f"{lead}{json_of(name)}:"))
            lead = ","
        if self.tail is not None:
            pieces.append(self.tail)
            lead = ","
        if self.common:
            pieces.append(Wire(lead + json_of(self.common)[1:-1]))
        return pieces

    def _values_of_head(self, names: Sequence[str]) -> list[list[Any]]:
        """Return copies of what the head says of fields."""
        head = self.head
        if head is None:
            return [[MISSING] * self.count for _ in names]
        found, broken = self._of_head.decode(names, lambda: head.block, self.count)
        self.make_odd(broken)
        return [list(column) for column in found]

    def _overlay_tail(self, names: Sequence[str], found: list[list[Any]]) -> None:
        if self.tail is None:
            return
        self._note_asked(names)
        columns, broken = self._of_tail.decode(names, self._block_of_tail, self.count)
        self.make_odd(broken)
        for number, column in enumerate(columns):
            if column.count(MISSING) < self.count:
                found[number] = [
                    before if value is MISSING else value
                    for before, value in zip(found[number], column, strict=True)
                ]

    def _block_of_tail(self) -> bytes:
        return block_of([text[1:] for text in self.tail or ()])

    def _note_asked(self, names: Sequence[str]) -> None:
        """Have fields that are looked for in the tail decoded along with it from now on."""
        if self.tail is not None and self.asked is not None and len(self.asked) < _MOST_ASKED:
            self.asked.update(names)


def _led(lead: str, text: str) -> Wire:
    return Wire(lead + text if text else text)
