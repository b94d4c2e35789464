"""The lines of a gzip file, however its bytes come."""

from __future__ import annotations

import gzip
import tracemalloc

import pytest

from pillion_log_agent.inputs.gzip_lines import PIECE_BYTES, GzipLines, LongLines, Piece

TEXT = "".join(f"line {number} \u00e9\n" for number in range(5000)).encode()


def pieces(
    data: bytes, *, block: int = 0, longest: int = 1 << 20, long_lines: LongLines = "split"
) -> list[Piece]:
    """Return what comes of the bytes of a file, given in blocks."""
    lines = GzipLines(longest, long_lines)
    step = block or len(data)
    found = [
        piece
        for at in range(0, len(data), step)
        for piece in lines.feed(data[at : at + step])
        if piece is not None
    ]
    last = lines.finish()
    return found if last is None else [*found, last]


def text(found: list[Piece]) -> bytes:
    return b"".join([each.data for each in found])


@pytest.mark.parametrize("block", [0, 1, 7, 1000])
def test_the_lines_are_those_of_the_text(block: int) -> None:
    found = pieces(gzip.compress(TEXT), block=block)
    assert text(found) == TEXT
    assert all(TEXT.startswith(each.data, each.start) for each in found)


@pytest.mark.parametrize("block", [0, 1])
def test_members_follow_one_another_and_zeros_behind_them_are_padding(block: int) -> None:
    data = gzip.compress(b"a\nb") + gzip.compress(b"c\nd") + bytes(512)
    assert text(pieces(data, block=block)) == b"a\nbc\nd"


def test_the_last_line_of_a_stream_that_is_cut_waits() -> None:
    whole = gzip.compress(b"one\ntwo", compresslevel=0)
    assert text(pieces(whole[:-9])) == b"one\n"


def test_what_is_not_gzip_is_an_error() -> None:
    with pytest.raises(ValueError, match="header"):
        list(GzipLines(100, "split").feed(b"plain text\n"))


@pytest.mark.parametrize("block", [0, 1])
@pytest.mark.parametrize(
    ("long_lines", "expected"),
    [
        ("split", [b"one\n", b"xxxxx", b"xxxxx", b"xx\nfive\n"]),
        ("truncate", [b"one\n", b"xxxxx", b"five\n"]),
        ("drop", [b"one\n", b"xxxxx", b"five\n"]),
    ],
)
def test_a_line_that_is_too_long(long_lines: LongLines, expected: list[bytes], block: int) -> None:
    compressed = [gzip.compress(each) for each in (b"one\n", b"x" * 12, b"\nfive\n")]
    lines = GzipLines(5, long_lines)
    found = [
        piece
        for each in compressed
        for at in range(0, len(each), block or len(each))
        for piece in lines.feed(each[at : at + (block or len(each))])
        if piece is not None
    ]
    assert text(found) == b"".join(expected)
    first = next(each for each in found if each.data == b"xxxxx")
    assert first.is_dropped is (long_lines == "drop")


def test_a_small_file_that_becomes_a_large_one_takes_little_memory() -> None:
    bomb = gzip.compress(b"\n" * (64 << 20))
    tracemalloc.start()
    total = 0
    for piece in GzipLines(1 << 20, "split").feed(bomb):
        total += len(piece.data) if piece is not None else 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 64 << 20
    assert peak < 8 * PIECE_BYTES
