"""Receipts: the one way in which a source learns that what it handed out is where it should be.

A source hands out data with a receipt. Whoever makes several things of the data holds the receipt
once for each of them and releases it for each that is delivered; with the last release the
receipt is settled, and goes back to its source::

    receipt = chunk.receipt
    for batch in batches_of(chunk):
        receipt.hold()
        deliver(batch, then=receipt.release)
    receipt.release()  # the hold that it came with

A receipt is used by one thread (or event loop) at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class ReceiptSource(Protocol):
    """Where a receipt goes back to: one piece of what a source has handed out."""

    @property
    def has_more(self) -> bool:
        """Whether the source has more behind this piece that was not handed out yet."""
        ...

    def settle(self) -> None:
        """Take note that all of the piece is delivered; called once, from any thread."""
        ...

    def split(self, offset: int) -> ReceiptSource | None:
        """Keep what is before an offset; return what begins there, None where it cannot."""
        ...

    def add_weight(self, size: int) -> None:
        """Take note that what came of the piece takes so much memory beyond its own bytes.

        The source gives that back when the piece is settled, and hands out no more while the
        weight of all its pieces is above what it may have in flight.
        """
        ...


class Receipt:
    """Counts who holds a piece of a source; with the last release the piece is settled."""

    __slots__ = ("_holds", "_source")

    def __init__(self, source: ReceiptSource) -> None:
        self._source = source
        self._holds = 1

    def hold(self) -> None:
        """Wait for one release more.

        Raises:
            ValueError: it is settled already.
        """
        if not self._holds:
            raise ValueError("a receipt that is settled cannot be held again")
        self._holds += 1

    def release(self) -> None:
        """Take back one hold; the last one settles it.

        Raises:
            ValueError: it was released more often than it was held.
        """
        if not self._holds:
            raise ValueError("a receipt was released more often than it was held")
        self._holds -= 1
        if not self._holds:
            self._source.settle()

    def split(self, offset: int) -> Receipt | None:
        """Leave what begins at an offset of the source to a receipt of its own, and return that.

        This one keeps its holds; the new one has one. None where it is settled or cannot be cut
        there (for a file: where no line begins): it then stays whole.
        """
        rest = self._source.split(offset) if self._holds else None
        return Receipt(rest) if rest is not None else None

    def add_weight(self, size: int) -> None:
        """Count memory, in bytes, that what came of it takes beyond its bytes in the source."""
        self._source.add_weight(size)

    @property
    def has_more(self) -> bool:
        """Whether the source has more behind it that was not handed out yet."""
        return self._source.has_more

    @property
    def is_settled(self) -> bool:
        """Whether all of it is delivered."""
        return not self._holds


def merge(receipts: Sequence[Receipt]) -> Receipt:
    """Return one receipt for what came of several; settled, it releases each of them once.

    It cannot be split. With one receipt it is that one.
    """
    return receipts[0] if len(receipts) == 1 else Receipt(_Merged(receipts))


class _Merged:
    """Several receipts that are released together."""

    __slots__ = ("_receipts",)

    def __init__(self, receipts: Sequence[Receipt]) -> None:
        self._receipts = tuple(receipts)

    @property
    def has_more(self) -> bool:
        return bool(self._receipts) and self._receipts[-1].has_more

    def settle(self) -> None:
        for receipt in self._receipts:
            receipt.release()

    def split(self, offset: int) -> None:  # noqa: ARG002  # the protocol's
        return None

    def add_weight(self, size: int) -> None:
        if self._receipts:
            self._receipts[-1].add_weight(size)
