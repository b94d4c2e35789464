"""Objects that go on as they were read: a block of JSON lines, or what is in their braces. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pillion_log_agent.records.json_rows import block_of
from pillion_log_agent.records.lines import offsets_of
from pillion_log_agent.records.wire import Wire, cut, split_rows, to_wire

if TYPE_CHECKING:
    from collections.abc import Sequence

PLACEHOLDER = Wire(" ")
"""Stands for a row that is read elsewhere."""


class Cut(NamedTuple):
    """Bodies, each of which is `quote + middle + quote`.

    The quote is what most objects begin and end with anyway, or nothing: the longer what stands
    between two objects, the sooner it is found.
    """

    quote: str
    middles: list[Wire]


class Spliced:
    """Objects, each a row.

    Whatever makes one of a block vouches that each line is one object in UTF-8, from its first
    character to its last.
    """

    __slots__ = ("_block", "_count", "_cut")

    def __init__(self, block: bytes | None, count: int, cut: Cut | None = None) -> None:
        self._block = block
        self._count = count
        self._cut = cut

    @classmethod
    def of_bodies(cls, bodies: list[Wire], block: bytes | None = None) -> Spliced:
        """Return objects of which what is between the braces is given.

        Args:
            bodies: what is between them.
            block: the same as JSON lines, where that was made already.
        """
        return cls(block, len(bodies), Cut("", bodies))

    @property
    def block(self) -> bytes:
        """The objects as JSON lines."""
        if self._block is None:
            self._block = block_of(self.bodies())
        return self._block

    def has(self, text: bytes) -> bool:
        """Whether a text is anywhere in the objects."""
        # One byte is found far sooner than a text, and mostly it is not there.
        return text[:1] in self.block and text in self.block

    def cut(self) -> Cut:
        """Return what is between the braces, as soon as can be."""
        if self._cut is None:
            self._cut = self._cut_block()
        return self._cut

    def bodies(self) -> list[Wire]:
        """Return what is between the braces."""
        quote, middles = self.cut()
        return [Wire(f"{quote}{middle}{quote}") for middle in middles] if quote else middles

    def body(self, row: int) -> Wire:
        """Return what is between the braces of one."""
        quote, middles = self.cut()
        return Wire(f"{quote}{middles[row]}{quote}")

    def offsets(self, start: int) -> list[int]:
        """Return where the lines of the block stand in a file where the first is at `start`."""
        quote, middles = self.cut()
        # Each line has two braces and a newline, and the quotes.
        return offsets_of(map(len, middles), 3 + 2 * len(quote), start)

    def select(self, rows: Sequence[int]) -> Spliced:
        """Return some of the rows."""
        quote, middles = self.cut()
        return Spliced(None, len(rows), Cut(quote, [middles[row] for row in rows]))

    def _cut_block(self) -> Cut:
        assert self._block is not None
        for quote in ('"', ""):
            middles = _middles(self._block, quote)
            if len(middles) == self._count:
                return Cut(quote, middles)
        return Cut("", [Wire(row[1:-1]) for row in split_rows(to_wire(self._block[:-1]))])


def _middles(block: bytes, quote: str) -> list[Wire]:
    """Return the bodies of a block without the quote at both their ends; wrong if they have none.

    There are fewer than rows then.
    """
    start, end = f"{{{quote}", f"{quote}}}\n"
    if not block.startswith(start.encode()) or not block.endswith(end.encode()):
        return []
    text = str(memoryview(block)[len(start) : -len(end)], "latin-1")
    return cut(text, end + start)
