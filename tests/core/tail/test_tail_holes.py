"""NULs that nobody has written: where a file was cut under its writer, and where space was given back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pillion.errors import ConfigurationError

if TYPE_CHECKING:
    from tests.core.tail.conftest import Bench

LINES = b"".join(b"line %d\n" % number for number in range(1000))
MIB = 1024 * 1024


def pumped(bench: Bench) -> bytes:
    found: list[bytes] = []

    def copy(descriptor: int, offset: int, count: int) -> int:
        found.append(os.pread(descriptor, count, offset))
        return len(found[-1])

    bench.clock.now += 1.1
    while bench.tailer.pump(copy):
        pass
    return b"".join(found)


@pytest.mark.parametrize("first", [b"12345678901\n", LINES], ids=["within a block", "with a hole"])
@pytest.mark.parametrize("copied", [True, False])
@pytest.mark.parametrize("reading", ["chunks", "pumped"])
def test_a_writer_that_goes_on_where_it_was_leaves_nuls_that_are_not_read(
    bench: Bench, first: bytes, *, copied: bool, reading: str
) -> None:
    read = pumped if reading == "pumped" else lambda bench: bench.read()
    with open(bench.path("a.log"), "wb", buffering=0) as writer:
        writer.write(first)
        bench.open("a.log", state=True)
        assert read(bench) == first
        if copied:
            bench.copytruncate("a.log", "a.log.1")
        else:
            os.truncate(bench.path("a.log"), 0)
        writer.write(b"after\n")
        assert read(bench) == b"after\n"
    ledger = bench.tailer.ledger
    assert ledger.dropped["hole"] == len(first)
    assert ledger.bytes_lost == 0
    assert ledger.bytes_read == ledger.bytes_delivered + ledger.bytes_dropped + (
        ledger.bytes_in_flight
    )


def test_after_a_restart_too(bench: Bench) -> None:
    with open(bench.path("a.log"), "wb", buffering=0) as writer:
        writer.write(LINES)
        bench.open("a.log", state=True)
        assert bench.read() == LINES
        bench.close()
        bench.copytruncate("a.log", "a.log.1")
        writer.write(b"after\n")
        bench.open("a.log", state=True)
        assert bench.read() == b"after\n"


def test_nuls_after_the_place_where_a_file_was_cut_are_not_read(bench: Bench) -> None:
    with open(bench.path("a.log"), "wb", buffering=0) as writer:
        writer.write(b"1\n")
        bench.open("a.log", state=True, chunk_bytes=1024, in_flight_bytes=2000, max_line_bytes=512)
        assert bench.read() == b"1\n"
        writer.write(LINES)
        (chunk,) = bench.chunks(ack=False)
        cut = chunk.end + 4  # inside a line
        os.truncate(bench.path("a.log"), cut)
        bench.chunks(ack=False)
        writer.write(b"after\n")
        chunk.ack()
        whole = b"1\n" + LINES
        # It is short, so that it may be another generation that begins alike, and is read again.
        assert bench.read() == whole[:cut] + b"after\n"


def test_nuls_that_were_written_are_read(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log")
    assert bench.read() == b"1\n"
    bench.append("a.log", b"\0\0binary\0\n")
    assert bench.read() == b"\0\0binary\0\n"


def punched(bench: Bench) -> int:
    """Return where the first hole in the file is followed by data."""
    with open(bench.path("a.log"), "rb") as file:
        hole = os.lseek(file.fileno(), 0, os.SEEK_HOLE)
        if hole >= os.fstat(file.fileno()).st_size:
            return 0
        return os.lseek(file.fileno(), hole, os.SEEK_DATA)


def test_only_what_both_copies_of_the_checkpoint_cover_is_given_back(bench: Bench) -> None:
    line = b"x" * 1023 + b"\n"
    bench.write("a.log", line * 12 * 1024)
    bench.open("a.log", state=True, reclaim=True, checkpoint_interval=3600.0)
    bench.clock.now += 1
    assert len(bench.read()) == 12 * MIB
    assert punched(bench) == 0, "none of it is safe on disk"
    bench.tailer.save()
    assert punched(bench) == 0, "the copy before says that nothing was read"
    bench.append("a.log", line)
    assert bench.read() == line
    bench.tailer.save()
    assert 11 * MIB < punched(bench) <= 12 * MIB


def test_after_a_crash_no_hole_is_read(bench: Bench) -> None:
    line = b"x" * 1023 + b"\n"
    bench.write("a.log", line * 4096)
    bench.open("a.log", state=True, reclaim=True, checkpoint_interval=3600.0)
    bench.read()
    bench.crash()
    bench.open("a.log", state=True, reclaim=True)
    assert bench.read().count(b"\0") == 0


def test_space_is_not_given_back_without_a_checkpoint(bench: Bench) -> None:
    with pytest.raises(ConfigurationError, match="reclaim needs a checkpoint"):
        bench.open("a.log", reclaim=True)
