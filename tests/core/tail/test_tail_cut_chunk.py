"""A chunk may be cut where a line begins, so that its last lines are acknowledged by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pillion.tail import Chunk
    from tests.core.tail.conftest import Bench

SHORT = [b"one\n", b"two\n", b"three\n"]
LONG = [bytes([letter]) * 100 + b"\n" for letter in b"abc"]


def first_chunk(bench: Bench, lines: list[bytes]) -> Chunk:
    bench.write("a.log", b"".join(lines))
    bench.open("a.log", state=True)
    (chunk,) = bench.chunks(ack=False)
    return chunk


def test_the_parts_are_chunks_of_the_same_lines(bench: Bench) -> None:
    chunk = first_chunk(bench, SHORT)
    rest = chunk.split(8)
    assert (chunk.data, chunk.start, chunk.end, chunk.lines) == (b"one\ntwo\n", 0, 8, 2)
    assert (rest.data, rest.start, rest.end, rest.lines) == (b"three\n", 8, 14, 1)
    assert chunk.identity == rest.identity
    assert chunk.ends_line
    assert rest.starts_line


@pytest.mark.parametrize("lines", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize("cuts", [1, 2])
def test_a_restart_goes_on_behind_the_parts_that_were_acknowledged(
    bench: Bench, lines: list[bytes], cuts: int
) -> None:
    chunk = first_chunk(bench, lines)
    for number in range(cuts):
        rest = chunk.split(chunk.start + len(lines[number]))
        chunk.ack()
        chunk = rest
    bench.close()
    bench.open("a.log", state=True)
    assert bench.read() == b"".join(lines[cuts:])


def test_a_part_that_is_acknowledged_before_the_one_before_it_moves_nothing(bench: Bench) -> None:
    chunk = first_chunk(bench, SHORT)
    chunk.split(4).ack()
    bench.close()
    bench.open("a.log", state=True)
    assert bench.read() == b"".join(SHORT)


def test_what_is_in_flight_is_what_is_left_of_the_parts(bench: Bench) -> None:
    chunk = first_chunk(bench, SHORT)
    rest = chunk.split(8)
    chunk.ack()
    assert bench.chunks() == []
    assert bench.tailer.ledger.bytes_in_flight == len(b"three\n")
    assert bench.tailer.ledger.lines_in_flight == 1
    bench.assert_balanced()
    rest.ack()
    assert bench.chunks() == []
    assert bench.tailer.ledger.lines_in_flight == bench.tailer.ledger.bytes_in_flight == 0


def test_a_cut_between_chunks_in_flight_keeps_their_order(bench: Bench) -> None:
    chunk = first_chunk(bench, SHORT)
    bench.append("a.log", b"four\n")
    (behind,) = bench.chunks(ack=False)
    rest = chunk.split(4)
    for each in (behind, chunk):
        each.ack()
    bench.close()
    bench.open("a.log", state=True)
    assert bench.read() == b"two\nthree\nfour\n", "what is behind the rest waits for it"
    assert not rest.is_acked


@pytest.mark.parametrize("offset", [0, 2, 14, 20])
def test_a_cut_is_made_only_where_a_line_begins_inside(bench: Bench, offset: int) -> None:
    chunk = first_chunk(bench, SHORT)
    with pytest.raises(ValueError, match=f"cannot be cut at {offset}"):
        chunk.split(offset)


def test_an_acknowledged_chunk_cannot_be_cut(bench: Bench) -> None:
    chunk = first_chunk(bench, SHORT)
    chunk.ack()
    with pytest.raises(ValueError, match="cannot be cut at 4"):
        chunk.split(4)


def test_a_chunk_says_whether_more_is_waiting_behind_it(bench: Bench) -> None:
    bench.write("a.log", LONG[0] * 30)
    bench.open("a.log", chunk_bytes=1024, in_flight_bytes=1024, max_line_bytes=200)
    (chunk,) = bench.chunks(ack=False)
    assert chunk.has_more, "and there is no room for it"
    chunk.ack()
    last = bench.chunks()[-1]
    assert not last.has_more
