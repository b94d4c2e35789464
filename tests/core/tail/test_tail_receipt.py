"""A receipt is settled once everyone who holds it has released it, and then goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pillion.tail import Receipt, merge
from pillion.tail.lines import NEWLINE

if TYPE_CHECKING:
    from tests.core.tail.conftest import Bench


class Piece:
    """A source that only takes note of what it is told."""

    def __init__(self, *, has_more: bool = False) -> None:
        self.has_more = has_more
        self.settled = 0
        self.weight = 0
        self.rest: Piece | None = None

    def settle(self) -> None:
        self.settled += 1

    def split(self, offset: int) -> Piece | None:
        self.rest = Piece() if offset == 8 else None
        return self.rest

    def add_weight(self, size: int) -> None:
        self.weight += size


def test_the_last_release_settles_it_and_no_other() -> None:
    piece = Piece()
    receipt = Receipt(piece)
    receipt.hold()
    receipt.release()
    assert (receipt.is_settled, piece.settled) == (False, 0)
    receipt.release()
    assert (receipt.is_settled, piece.settled) == (True, 1)


def test_one_release_too_many_is_an_error_and_settles_nothing_twice() -> None:
    piece = Piece()
    receipt = Receipt(piece)
    receipt.release()
    with pytest.raises(ValueError, match="released more often than it was held"):
        receipt.release()
    with pytest.raises(ValueError, match="cannot be held again"):
        receipt.hold()
    assert piece.settled == 1


def test_what_is_split_off_has_one_hold_of_its_own() -> None:
    piece = Piece()
    receipt = Receipt(piece)
    receipt.hold()
    rest = receipt.split(8)
    assert rest is not None
    assert piece.rest is not None
    rest.release()
    assert (piece.rest.settled, piece.settled) == (1, 0)
    receipt.release()
    receipt.release()
    assert piece.settled == 1


def test_where_the_source_cannot_be_cut_the_receipt_stays_whole() -> None:
    receipt = Receipt(Piece())
    assert receipt.split(7) is None
    receipt.release()
    assert receipt.split(8) is None, "it is settled"


def test_merged_receipts_are_released_together() -> None:
    pieces = [Piece(), Piece(has_more=True)]
    receipts = [Receipt(piece) for piece in pieces]
    receipts[0].hold()
    both = merge(receipts)
    assert both.has_more, "what the last of them says"
    assert both.split(8) is None
    both.add_weight(5)
    both.release()
    assert [piece.settled for piece in pieces] == [0, 1]
    assert [piece.weight for piece in pieces] == [0, 5]
    receipts[0].release()
    assert pieces[0].settled == 1


def test_one_receipt_alone_is_not_wrapped() -> None:
    receipt = Receipt(Piece())
    assert merge([receipt]) is receipt


def test_a_chunk_is_acknowledged_when_all_that_was_made_of_it_is_released(bench: Bench) -> None:
    bench.write("a.log", b"1\n2\n")
    bench.open("a.log", state=True)
    (chunk,) = bench.chunks(ack=False)
    for _ in range(2):
        chunk.receipt.hold()
    chunk.receipt.release()
    chunk.receipt.release()
    bench.chunks(ack=False)
    assert bench.tailer.ledger.bytes_in_flight == 4
    chunk.receipt.release()
    bench.chunks(ack=False)
    assert bench.tailer.ledger.bytes_in_flight == 0


def test_a_receipt_is_split_where_a_line_begins_and_moves_the_position_by_parts(
    bench: Bench,
) -> None:
    bench.write("a.log", b"1\n2\n")
    bench.open("a.log", state=True)
    (chunk,) = bench.chunks(ack=False)
    assert chunk.receipt.split(1) is None
    rest = chunk.receipt.split(2)
    assert rest is not None
    chunk.receipt.release()
    bench.close()
    bench.open("a.log", state=True)
    assert bench.read() == b"2\n"
    assert not rest.is_settled


def test_nothing_is_read_while_what_is_in_flight_weighs_too_much(bench: Bench) -> None:
    line = b"x" * 1023 + NEWLINE
    bench.write("a.log", line * 3)
    bench.open("a.log", chunk_bytes=1024, in_flight_bytes=4096, max_line_bytes=1024)
    (first, *_) = bench.tailer.step()
    first.receipt.add_weight(4097)
    bench.append("a.log", line)
    assert bench.chunks(ack=False) == []
    first.ack()
    assert [chunk.data for chunk in bench.chunks(ack=False)] == [line]
