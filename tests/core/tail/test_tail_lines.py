"""Cutting at lines, and the lines that are too long or have no end."""

from __future__ import annotations

import os
import resource
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.errors import ConfigurationError
from pillion.tail import TailOptions
from pillion.tail.lines import piece_length, whole_lines

if TYPE_CHECKING:
    from tests.core.tail.conftest import Bench


@given(st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line)), st.integers(1, 10))
def test_whole_lines_stop_before_the_first_that_is_too_long(lines: list[bytes], limit: int) -> None:
    block = b"\n".join(lines)
    expected = 0
    for line in lines[:-1]:
        if len(line) > limit:
            break
        expected += len(line) + 1
    assert whole_lines(block, limit) == expected


@given(st.text(min_size=8), st.integers(4, 8))
def test_a_piece_never_tears_a_character(text: str, limit: int) -> None:
    block = text.encode()
    block[: piece_length(block, limit)].decode()


def test_a_piece_of_what_is_no_text_is_as_long_as_may_be() -> None:
    assert piece_length(b"\x80" * 20, 10) == 10


def test_a_chunk_counts_its_lines_and_knows_its_offsets(bench: Bench) -> None:
    bench.write("a.log", b"1\n22\n")
    bench.open("a.log")
    (chunk,) = bench.chunks()
    assert (chunk.start, chunk.end, chunk.lines) == (0, 5, 2)
    assert (chunk.starts_line, chunk.ends_line) == (True, True)


def test_a_file_larger_than_a_chunk_comes_in_chunks_of_whole_lines(bench: Bench) -> None:
    content = b"".join([b"line %d\n" % number for number in range(5000)])
    bench.write("a.log", content)
    bench.open("a.log", chunk_bytes=1024)
    chunks = bench.chunks()
    assert b"".join([chunk.data for chunk in chunks]) == content
    assert all(len(chunk.data) <= 1024 and chunk.data.endswith(b"\n") for chunk in chunks)


def test_a_line_longer_than_a_chunk_is_whole_while_it_is_short_enough(bench: Bench) -> None:
    line = b"x" * 5000 + b"\n"
    bench.write("a.log", line + b"next\n")
    bench.open("a.log", chunk_bytes=1024, max_line_bytes=6000)
    chunks = bench.chunks()
    assert b"".join([chunk.data for chunk in chunks]) == line + b"next\n"
    assert chunks[0].data.startswith(line)
    assert bench.tailer.ledger.long_lines == 0


def test_a_line_of_exactly_the_limit_is_no_long_line(bench: Bench) -> None:
    bench.write("a.log", b"x" * 10 + b"\n" + b"y" * 11 + b"\n")
    bench.open("a.log", max_line_bytes=10)
    assert [chunk.data for chunk in bench.chunks()] == [b"x" * 10 + b"\n", b"y" * 10, b"y\n"]
    assert bench.tailer.ledger.long_lines == 1


def test_split_delivers_a_long_line_in_pieces(bench: Bench) -> None:
    bench.write("a.log", b"1\n" + b"x" * 25 + b"\n2\n")
    bench.open("a.log", max_line_bytes=10)
    chunks = bench.chunks()
    assert [chunk.data for chunk in chunks] == [b"1\n", b"x" * 10, b"x" * 10, b"x" * 5 + b"\n2\n"]
    assert [chunk.starts_line for chunk in chunks] == [True, True, False, False]
    assert [chunk.ends_line for chunk in chunks] == [True, False, False, True]
    bench.assert_balanced()


def test_truncate_delivers_the_first_piece_and_counts_the_rest(bench: Bench) -> None:
    bench.write("a.log", b"1\n" + b"x" * 25 + b"\n2\n")
    bench.open("a.log", max_line_bytes=10, long_lines="truncate")
    chunks = bench.chunks()
    assert [chunk.data for chunk in chunks] == [b"1\n", b"x" * 10, b"2\n"]
    assert [chunk.starts_line for chunk in chunks] == [True, True, True]
    assert bench.tailer.ledger.bytes_dropped == 16
    bench.assert_balanced()


def test_the_rest_of_a_truncated_line_stays_unwanted_after_a_restart(bench: Bench) -> None:
    options: dict[str, object] = {"max_line_bytes": 10, "long_lines": "truncate"}
    bench.write("a.log", b"x" * 25)
    bench.open("a.log", state=True, **options)
    assert bench.read() == b"x" * 10
    bench.close()
    bench.append("a.log", b"xxx\n2\n")
    bench.open("a.log", state=True, **options)
    assert bench.read() == b"2\n"


def test_a_line_without_an_end_is_bounded_in_memory(bench: Bench) -> None:
    bench.write("a.log", b"x")  # a hole at the beginning would be left out
    with open(bench.path("a.log"), "r+b") as file:
        file.truncate(20 * 1024 * 1024)
    bench.open("a.log", in_flight_bytes=2 * 1024 * 1024)
    chunks = bench.chunks()
    assert max(len(chunk.data) for chunk in chunks) <= 1024 * 1024
    assert sum(len(chunk.data) for chunk in chunks) >= 19 * 1024 * 1024


def test_a_line_of_1_gb_without_an_end_is_read_whole_in_little_memory(bench: Bench) -> None:
    bench.write("a.log", b"x")  # a hole at the beginning would be left out
    os.truncate(bench.path("a.log"), 10**9)  # it has no blocks: a gigabyte of NUL bytes
    tailer = bench.open("a.log")
    bench.clock.now += 1.1
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen = 0
    while chunks := tailer.step():
        for chunk in chunks:
            assert len(chunk.data) <= tailer.options.max_line_bytes
            seen += len(chunk.data)
            chunk.ack()
    bench.clock.now += tailer.options.partial_flush
    seen += len(bench.read())
    assert seen == 10**9
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024
    bench.assert_balanced()


def test_an_unfinished_line_waits_for_its_end(bench: Bench) -> None:
    bench.write("a.log", b"1\nhel")
    bench.open("a.log", partial_flush=60.0)
    assert bench.read() == b"1\n"
    bench.append("a.log", b"lo\n")
    assert bench.read() == b"hello\n"


def test_an_unfinished_line_is_delivered_after_a_while(bench: Bench) -> None:
    bench.write("a.log", b"hel")
    bench.open("a.log", partial_flush=5.0)
    assert bench.read() == b""
    (chunk,) = bench.chunks(after=5)
    assert (chunk.data, chunk.starts_line, chunk.ends_line, chunk.lines) == (b"hel", True, False, 1)
    bench.append("a.log", b"lo\n")
    (chunk,) = bench.chunks()
    assert (chunk.data, chunk.starts_line, chunk.ends_line) == (b"lo\n", False, True)


def test_an_unfinished_line_is_delivered_at_the_end(bench: Bench) -> None:
    bench.write("a.log", b"1\nhel")
    bench.open("a.log")
    bench.tailer.stop()
    assert b"".join([chunk.data for chunk in bench.tailer]) == b"1\nhel"


def test_an_unfinished_line_that_grows_slowly_is_not_read_over_and_over(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("a.log", b"x" * 500_000)
    bench.open("a.log")
    bench.read()
    reads = []
    real = os.pread

    def pread(descriptor: int, length: int, offset: int) -> bytes:
        data = real(descriptor, length, offset)
        reads.append(len(data))
        return data

    monkeypatch.setattr(os, "pread", pread)
    for _ in range(10):
        bench.append("a.log", b"x" * 100)
        bench.read()
    assert sum(reads) < 30_000
    bench.append("a.log", b"\n")
    assert len(bench.read()) == 501_001


def test_nul_bytes_and_every_encoding_pass_as_they_are(bench: Bench) -> None:
    content = bytes(range(1, 256)) + bytes(range(256)) * 2 + "äöü\n".encode("utf-16") + b"\n"
    bench.write("a.log", content)
    bench.open("a.log")
    assert bench.read() == content


def test_figures_that_cannot_work_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="2097153 is the least"):
        TailOptions(in_flight_bytes=1024 * 1024, max_line_bytes=2 * 1024 * 1024)
    with pytest.raises(ConfigurationError, match="poll_min is 0"):
        TailOptions(poll_min=0)
