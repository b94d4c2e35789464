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
    decode_fields,
    decode_rows,
)
from pillion_log_agent.records.spliced import PLACEHOLDER, Spliced
from pillion_log_agent.records.wire import (
    Piece,
    Wire,
    from_wire,
    joined,
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
        "_is_narrow",
        "_known",
        "_known_of_tail",
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
        self._known: dict[str, list[Any]] = {}
        self._known_of_tail: dict[str, list[Any]] = {}
        self._is_narrow = False

    @property
    def weight(self) -> int:
        """About how many bytes of memory the rows take."""
        weight = self.count * _OF_A_TEXT * len(self.fields)
        if self.head is not None:
            weight += len(self.head.block)
        if self.tail is not None:
            weight += sum(map(len, self.tail)) + self.count * _OF_A_TEXT
        for column in self.fields.values():
            weight += column.size
        return weight

    def pieces(self, lead: str = "") -> list[Piece]:
        """Return the objects without their braces, in pieces for `interleaved`.

        Args:
            lead: what stands before an object that is not empty, such as a comma.
        """
        if not self.odd:
            pieces = self._pieces(lead)
            if pieces is not None and any(isinstance(piece, list) for piece in pieces):
                return pieces
        return [[Wire(lead + body) if body else body for body in self.bodies()]]

    def bodies(self) -> list[Wire]:
        """Return each object without its braces."""
        bodies = self._even_bodies()
        if self.odd:
            for row, text in zip(self.odd, json_texts(list(self.odd.values())), strict=True):
                bodies[row] = Wire(text[1:-1])
        return bodies

    def records(self) -> list[Record]:
        """Return the rows as records; the odd ones are not copied."""
        bodies = self._even_bodies()
        for row in self.odd:
            bodies[row] = PLACEHOLDER
        records, broken = decode_rows(block_of(bodies))
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
        records, others = decode_rows(self.head.block)
        found = [[record.get(name, MISSING) for record in records] for name in names]
        for row, (record, *values) in enumerate(zip(records, *found, strict=True)):
            if len(record) != len(names) - values.count(MISSING):
                others.append(row)
        if len(others) > self.count // 2:
            return False
        self._known.update(zip(names, found, strict=True))
        self._is_narrow = True
        self.make_odd(others)
        return True

    def put_objects(self, head: Spliced | None, tail: list[Wire] | None) -> None:
        """Put other objects in the place of those that were read and that were spliced."""
        self.head, self.tail, self._is_narrow = head, tail, False
        self._known, self._known_of_tail = {}, {}

    def splice(self, tail: list[Wire], known: dict[str, list[Any]]) -> None:
        """Put objects at the end of rows; `known` has the values of some of their fields."""
        self.tail, self._known_of_tail = tail, known

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
        return Columns(
            len(rows),
            head=None if self.head is None else self.head.select(rows),
            fields={name: column.select(rows) for name, column in self.fields.items()},
            tail=None if self.tail is None else [self.tail[row] for row in rows],
            odd={places[row]: record for row, record in self.odd.items() if row in places},
            common=dict(self.common),
        )

    def may_have(self, name: str) -> bool:
        """Whether a field may be in a row: its name is there, if only within another value."""
        if name in self.fields or name in self.common:
            return True
        text = Wire(json_of(name)[1:])
        return bool(self._with_text(text)) or any(
            text in json_of(record) for record in self.odd.values()
        )

    def separate(self, name: str) -> None:
        """Make odd the rows whose spliced objects may have a field, so that it can be changed."""
        self.make_odd(self._with_text(Wire(json_of(name)[1:])))

    def _with_text(self, text: Wire) -> list[int]:
        """Return the rows in whose spliced objects a text is, as JSON spells it."""
        found: list[int] = []
        if self.head is not None and self.head.has(from_wire(text)):
            found += [row for row, body in enumerate(self.head.bodies()) if text in body]
        if self.tail is not None and text in "".join(self.tail):
            found += [row for row, body in enumerate(self.tail) if text in body]
        return found

    def make_odd(self, rows: Sequence[int]) -> None:
        """Make rows records of their own."""
        new = [row for row in dict.fromkeys(rows) if row not in self.odd]
        if new:
            self.odd.update({row: self.record(row) for row in new})

    def _even_bodies(self) -> list[Wire]:
        """Return the bodies as if no row were odd, in a list that may be changed."""
        pieces = self._pieces("")
        if pieces is not None:
            return joined(pieces, self.count)
        # What comes first may be empty: then there is no comma behind it.
        first = self.head.bodies() if self.head else [""] * self.count
        rest = joined(self._pieces_behind(","), self.count)
        return [
            Wire(body + more if body else more[1:]) for body, more in zip(first, rest, strict=True)
        ]

    def _pieces(self, lead: str) -> list[Piece] | None:
        """Return all but the odd rows in pieces; None where some may be empty at their start."""
        if self.head is None:
            first = next(iter(self.fields.values()), None)
            may_be_empty = self.tail is not None if first is None else first.is_sparse
            return None if may_be_empty else self._pieces_behind(lead)
        quote, middles = self.head.cut()
        if not quote and "" in middles:
            return None
        return [Wire(lead + quote), middles, Wire(quote), *self._pieces_behind(",")]

    def _pieces_behind(self, lead: str) -> list[Piece]:
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
        """Return copies of what the head says of fields; each is decoded once."""
        if self.head is None:
            return [[MISSING] * self.count for _ in names]
        asked = tuple(name for name in names if name not in self._known)
        if asked and self._is_narrow:
            self._known.update({name: [MISSING] * self.count for name in asked})
        elif asked:
            columns, broken = decode_fields(self.head.block, asked)
            self._known.update(zip(asked, columns, strict=True))
            self.make_odd(broken)
        return [list(self._known[name]) for name in names]

    def _overlay_tail(self, names: Sequence[str], found: list[list[Any]]) -> None:
        if self.tail is None:
            return
        if self.asked is not None and len(self.asked) < _MOST_ASKED:
            self.asked.update(names)
        unknown = tuple(name for name in names if name not in self._known_of_tail)
        if unknown:
            columns, broken = decode_fields(block_of([text[1:] for text in self.tail]), unknown)
            self.make_odd(broken)
            self._known_of_tail.update(zip(unknown, columns, strict=True))
        for number, name in enumerate(names):
            column = self._known_of_tail[name]
            if column.count(MISSING) < self.count:
                found[number] = [
                    before if value is MISSING else value
                    for before, value in zip(found[number], column, strict=True)
                ]
