"""A batch: the records of one chunk on their way, as columns or as dictionaries.

A batch begins as columns. Filters that can work on columns do; for others it is decoded once, and
once they are through it is sealed: outputs read the text of each record and change nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pillion_log_agent.records.columns import Columns, Record
from pillion_log_agent.records.spliced import Spliced
from pillion_log_agent.records.wire import Rows, Wire, from_wire, json_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion_log_agent.records.origin import Origin
    from pillion_log_agent.records.timestamps import Timestamps

LEAST_WEIGHT = 64
"""What a record counts for at least, in bytes: an empty line costs memory too."""


class Batch:
    """Records of one origin with one tag, in order.

    Attributes:
        tag: what routes them.
        origin: where they come from.
        times: one for each.
        size: bytes that they had where they were read.
    """

    __slots__ = (
        "_columns",
        "_length",
        "_offsets",
        "_records",
        "_weight",
        "origin",
        "size",
        "tag",
        "times",
    )

    def __init__(
        self,
        tag: str,
        origin: Origin,
        times: Timestamps,
        *,
        block: bytes | None = None,
        columns: Columns | None = None,
        records: list[Record] | None = None,
        start: int = 0,
        offsets: list[int] | Callable[[], list[int]] | None = None,
        size: int = 0,
    ) -> None:
        """Make a batch of a block, of columns or of records.

        Args:
            tag: what routes them.
            origin: where they come from.
            times: one for each.
            block: JSON objects, each on a line.
            columns: the same as columns.
            records: the same as dictionaries.
            start: where a block stands in its file, whose lines it has.
            offsets: where each record stands, or what to call for it; needed unless the block has
                the file's lines.
            size: bytes that they had where they were read.
        """
        self.tag = tag
        self.origin = origin
        self.times = times
        self.size = size or len(block or b"")
        if block is not None:
            columns = Columns(len(times), head=Spliced(block, len(times)))
        self._columns = columns
        self._records = records
        if offsets is None and columns is not None and columns.head is not None:
            offsets = partial(columns.head.offsets, start)
        self._offsets = offsets
        self._length: int | None = None
        self._weight: int | None = None

    def __len__(self) -> int:
        return len(self.times)

    @property
    def read_weight(self) -> int:
        """What it counted for, in bytes, when it was read."""
        return max(self.size, LEAST_WEIGHT * len(self))

    @property
    def length(self) -> int:
        """About how many bytes it has as text, where a request is bounded."""
        if self._length is not None:
            return self._length
        return max(self.size, self._columns.length if self._columns is not None else 0)

    @property
    def weight(self) -> int:
        """What it counts for, in bytes, where memory is bounded: fields are added, too."""
        if self._weight is not None:
            return self._weight
        overhead = self._columns.overhead if self._columns is not None else 0
        return max(self.read_weight, self.length + overhead)

    @property
    def is_decoded(self) -> bool:
        """Whether the records are dictionaries already."""
        return self._records is not None

    @property
    def offsets(self) -> list[int]:
        """Where each record stands in its file."""
        if not isinstance(self._offsets, list):
            assert self._offsets is not None
            self._offsets = self._offsets()
        return self._offsets

    @property
    def columns(self) -> Columns:
        """The records as columns, which may be changed; dictionaries are given up for it."""
        if self._columns is None:
            assert self._records is not None
            block, count = json_lines(self._records), len(self._records)
            self._columns, self._records = Columns(count, head=Spliced(block, count)), None
        return self._columns

    def seal(self) -> None:
        """Give up the dictionaries: what follows only reads."""
        _ = self.columns
        # Each output's queue asks for it several times, and it goes over every text.
        self._length, self._weight = self.length, self.weight

    def records(self) -> list[Record]:
        """Return the records as dictionaries, which may be changed in place."""
        if self._records is None:
            assert self._columns is not None
            self._offsets = self.offsets
            self._records, self._columns = self._columns.records(), None
        return self._records

    def values(self, *names: str) -> list[list[Any]]:
        """Return the values of fields in each record, `MISSING` where it has none."""
        return self.columns.values(*names)

    def rows(self, lead: str = "") -> Rows:
        """Return the JSON of each record without its braces, for `interleaved`.

        Args:
            lead: what stands before a record that is not empty, such as a comma.
        """
        return self.columns.rows(lead)

    def bodies(self) -> list[Wire]:
        """Return the JSON of each record without its braces."""
        return self.columns.bodies()

    def decoded(self) -> list[Record]:
        """Return the records as dictionaries, which are not to be changed; it stays sealed."""
        return self.columns.records()

    def has_any(self, texts: Sequence[bytes]) -> bool:
        """Whether one of these is anywhere in the records, as JSON spells it."""
        block = from_wire("\n".join(self.bodies()))
        return any(text in block for text in texts)

    def put(self, key: str, value: Any) -> None:
        """Give every record the same field."""
        if self._records is None:
            self.columns.put(key, value)
            return
        for record in self._records:
            record[key] = value

    def add(self, key: str, values: list[Any]) -> None:
        """Give each record a value of its own in a field."""
        if self._records is None:
            self.columns.add(key, values)
            return
        for record, value in zip(self._records, values, strict=True):
            record[key] = value

    def replace(self, records: list[Record]) -> None:
        """Put other records in the place of these, one for each."""
        self._offsets = self.offsets
        self._records, self._columns = records, None

    def without(self, key: str) -> Batch:
        """Return a batch whose records lack a field; this one stays as it is."""
        found = self.select(range(len(self)))
        found.columns.remove(key)
        return found

    def select(self, indices: Sequence[int]) -> Batch:
        """Return a batch of some of the records."""
        offsets, records = self.offsets, self._records
        return Batch(
            self.tag,
            self.origin,
            self.times.select(indices),
            columns=None if self._columns is None else self._columns.select(indices),
            records=None if records is None else [records[index] for index in indices],
            offsets=[offsets[index] for index in indices],
            size=self.size * len(indices) // max(len(self), 1),
        )
