"""A batch: the records of one chunk on their way, as JSON lines or as dictionaries.

A batch begins as a block of JSON lines. It is decoded when a filter asks for its records, and
encoded again once, at the end of the filters; a block that no filter asks for is never decoded.
Outputs cut the block into bodies, the text of each record without its braces, and put the time
and what all records have in common before and after. Bodies are `str`: to join many of them costs
a third of what it costs with `bytes`.
"""

from __future__ import annotations

from itertools import accumulate, repeat
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.records.origin import Origin
    from pillion_log_agent.records.timestamps import Timestamps

Record = dict[str, Any]

_DECODER = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder()
LEAST_WEIGHT = 64
"""What a record counts for at least, in bytes: an empty line costs memory too."""


class Cut(NamedTuple):
    """The bodies of a batch, each of which is `quote + middle + quote`.

    The quote is what most records begin and end with anyway, or nothing: the longer what stands
    between two records, the sooner it is found.
    """

    quote: str
    middles: list[str]


class Batch:
    """Records of one origin with one tag, in order.

    Attributes:
        tag: what routes them.
        origin: where they come from.
        times: one for each.
        size: bytes that they had where they were read.
    """

    __slots__ = (
        "_added",
        "_block",
        "_common",
        "_offsets",
        "_records",
        "_start",
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
        records: list[Record] | None = None,
        start: int = 0,
        added: int = 0,
        offsets: list[int] | None = None,
        size: int = 0,
    ) -> None:
        """Make a batch of a block or of records.

        Args:
            tag: what routes them.
            origin: where they come from.
            times: one for each.
            block: JSON objects, each on a line.
            records: the same as dictionaries.
            start: where a block stands in its file, whose lines it has.
            added: bytes that each line of the block has more than that of the file.
            offsets: where each record stands; needed unless the block has the file's lines.
            size: bytes that they had where they were read.
        """
        self.tag = tag
        self.origin = origin
        self.times = times
        self.size = size or len(block or b"")
        self._block = block
        self._records = records
        self._start = start
        self._added = added
        self._offsets = offsets
        self._common: Record = {}

    def __len__(self) -> int:
        return len(self.times)

    @property
    def read_weight(self) -> int:
        """What it counted for, in bytes, when it was read."""
        return max(self.size, LEAST_WEIGHT * len(self))

    @property
    def weight(self) -> int:
        """What it counts for, in bytes, where memory is bounded: fields are added, too."""
        return max(self.read_weight, len(self._block or b""))

    @property
    def is_decoded(self) -> bool:
        """Whether the records are dictionaries already."""
        return self._records is not None

    def has_any(self, texts: Sequence[bytes]) -> bool:
        """Whether one of these is anywhere in the sealed batch, as JSON spells it."""
        self.seal()
        assert self._block is not None
        block, common = self._block, _ENCODER.encode(self._common)
        # One byte is found far sooner than a text, and mostly it is not there.
        return any((text[:1] in block and text in block) or text in common for text in texts)

    @property
    def offsets(self) -> list[int]:
        """Where each record stands in its file."""
        # Records that are being changed must not be encoded for it.
        return self._offsets if self._offsets is not None else self.cut_and_offsets()[1]

    def records(self) -> list[Record]:
        """Return the records as dictionaries, which may be changed in place."""
        if self._records is None:
            assert self._block is not None
            if self._offsets is None:
                self._offsets = self.offsets
            self._records = _DECODER.decode_lines(self._block)
            self._block = None
            if self._common:
                for record in self._records:
                    record.update(self._common)
                self._common = {}
        return self._records

    def seal(self) -> None:
        """Give up the dictionaries: what follows only reads."""
        if self._records is not None:
            self._block = encoded(self._records)
            self._records = None

    def bodies(self) -> list[str]:
        """Return the text of each record without its braces, and without what is common."""
        quote, middles = self.cut()
        return [f"{quote}{middle}{quote}" for middle in middles] if quote else middles

    def cut(self) -> Cut:
        """Return what `bodies` does, sooner."""
        self.seal()
        assert self._block is not None
        for quote in ('"', ""):
            middles = _middles(self._block, quote)
            if len(middles) == len(self):
                return Cut(quote, middles)
        # A line has white space before or after its object, or is empty.
        if self._offsets is None:
            self._offsets = _offsets_of_lines(self._block, self._start)
        self._block = encoded(_DECODER.decode_lines(self._block))
        return Cut("", _middles(self._block, ""))

    def cut_and_offsets(self) -> tuple[Cut, list[int]]:
        """Return both, for little more than the first."""
        cut = self.cut()
        if self._offsets is None:
            self._offsets = self._find_offsets(cut)
        return cut, self._offsets

    def common(self) -> str:
        """Return what goes to the end of every body: nothing, or `,"key":value...`."""
        return "," + _ENCODER.encode(self._common)[1:-1].decode() if self._common else ""

    def may_have(self, key: str) -> bool:
        """Whether the name of a field is anywhere in the sealed batch, if only in a text."""
        return self.has_any([_ENCODER.encode(key)[1:]])

    def put(self, key: str, value: Any) -> None:
        """Give every record the same field."""
        if self._records is None:
            assert self._block is not None
            if _ENCODER.encode(key) not in self._block:
                self._common[key] = value
                return
        for record in self.records():
            record[key] = value

    def replace(self, records: list[Record]) -> None:
        """Put other records in the place of these, one for each."""
        self._records = records

    def select(self, indices: Sequence[int]) -> Batch:
        """Return a batch of some of the records."""
        offsets = self.offsets
        chosen = Batch(
            self.tag,
            self.origin,
            self.times.select(indices),
            offsets=[offsets[index] for index in indices],
            size=self.size * len(indices) // max(len(self), 1),
        )
        if self._records is not None:
            records = self._records
            chosen._records = [records[index] for index in indices]
        else:
            bodies = self.bodies()
            chosen._block = joined([bodies[index] for index in indices])
        chosen._common = dict(self._common)
        return chosen

    def _find_offsets(self, cut: Cut) -> list[int]:
        assert self._block is not None
        # Each line has two braces and a newline, and the quotes.
        around = repeat(3 + 2 * len(cut.quote) - self._added)
        *offsets, end = accumulate(map(add, map(len, cut.middles), around), initial=self._start)
        if end - self._start != len(self._block) - self._added * len(cut.middles):
            # There are characters of more than one byte.
            lengths = [len(middle.encode()) for middle in cut.middles]
            *offsets, end = accumulate(map(add, lengths, around), initial=self._start)
        return offsets


def _middles(block: bytes, quote: str) -> list[str]:
    """Return the bodies of a block without the quote at both their ends; wrong if they have none.

    There are fewer than records then.
    """
    end = f"{quote}}}\n"
    start = f"{{{quote}"
    if not block.startswith(start.encode()) or not block.endswith(end.encode()):
        return []
    return str(memoryview(block)[len(start) : -len(end)], "utf-8").split(end + start)


def _offsets_of_lines(block: bytes, start: int) -> list[int]:
    lines = block.split(b"\n")
    offsets = accumulate(map(add, map(len, lines), repeat(1)), initial=start)
    return [offset for offset, line in zip(offsets, lines, strict=False) if line.strip()]


def joined(bodies: Sequence[str]) -> bytes:
    """Return a block of bodies."""
    return "{{{}}}\n".format("}\n{".join(bodies)).encode() if bodies else b""


def encoded(records: Sequence[Record]) -> bytes:
    """Return a block of records.

    Text with halves of surrogate pairs, which JSON can spell and UTF-8 cannot, has each such
    half replaced.
    """
    try:
        return _ENCODER.encode_lines(records)
    except UnicodeEncodeError:
        return _ENCODER.encode_lines([_without_surrogates(record) for record in records])


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(each) for each in value]
    return value
