"""In flight is bounded, files take turns, and positions move by acknowledgement alone."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from pillion.tail import FromLine, LastLines
from pillion.tail.hole_punch import HolePuncher
from pillion.tail.schedule import LOOKS_AT_ONCE
from tests import needs

if TYPE_CHECKING:
    from tests.core.tail.conftest import Bench

LINE = b"x" * 127 + b"\n"


def test_no_more_is_handed_out_than_may_be_in_flight(bench: Bench) -> None:
    for number in range(10):
        bench.write(f"{number}.log", LINE * 1000)
    bench.open("*.log", chunk_bytes=16384, in_flight_bytes=65536, max_line_bytes=1024)
    chunks = bench.chunks(ack=False)
    assert 49152 <= sum(len(chunk.data) for chunk in chunks) <= 65536
    assert bench.tailer.step() == []
    assert bench.tailer.seconds_to_wait() > 0
    chunks[0].ack()
    assert len(bench.tailer.step()) == 1


def test_a_large_file_does_not_keep_small_ones_waiting(bench: Bench) -> None:
    bench.write("0.log", LINE * 100_000)
    for number in range(1, 101):
        bench.write(f"{number}.log", b"small\n")
    bench.open("*.log", chunk_bytes=65536)
    bench.clock.now += 1
    seen: list[str] = []
    while len(set(seen)) < 101:
        for chunk in bench.tailer.step():
            seen.append(chunk.path)
            chunk.ack()
    large = bench.path("0.log")
    assert large not in seen[1:101]


def test_a_file_is_read_in_turn_with_those_that_are_full_of_unacknowledged(bench: Bench) -> None:
    bench.write("0.log", LINE * 10_000)
    bench.write("1.log", LINE * 10_000)
    bench.open("*.log", chunk_bytes=16384, in_flight_bytes=16384, max_line_bytes=1024)
    bench.clock.now += 1
    seen = []
    for _ in range(8):
        (chunk,) = bench.tailer.step()
        seen.append(chunk.path[-5:])
        chunk.ack()
    assert seen == ["0.log", "1.log"] * 4


def test_acknowledging_twice_or_late_or_out_of_order_counts_once(bench: Bench) -> None:
    bench.write("a.log", LINE * 100)
    bench.open("a.log", chunk_bytes=1024)
    chunks = bench.chunks(ack=False)
    for chunk in reversed(chunks):
        chunk.ack()
        chunk.ack()
    bench.read()
    assert bench.tailer.ledger.bytes_delivered == len(LINE) * 100
    assert bench.tailer.is_at_end


def test_an_acknowledgement_of_a_truncated_generation_does_no_harm(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log", state=True)
    (old,) = bench.chunks(ack=False)
    bench.write("a.log", b"")
    assert bench.read() == b""
    bench.append("a.log", b"2\n")
    assert bench.read() == b"2\n"
    old.ack()
    bench.close()
    bench.open("a.log", state=True)
    assert bench.read() == b""


def test_status_tells_position_and_lag(bench: Bench) -> None:
    bench.write("a.log", b"1\n2\n")
    bench.open("a.log")
    (chunk,) = bench.chunks(ack=False)
    bench.clock.now += 3
    (status,) = bench.tailer.status()
    assert (status.size, status.read, status.acked, status.lag_bytes) == (4, 4, 0, 4)
    assert status.lag_seconds == 3
    chunk.ack()
    bench.read()
    (status,) = bench.tailer.status()
    assert (status.acked, status.lag_bytes, status.lag_seconds) == (4, 0, 0)


def test_pump_lets_the_caller_move_the_bytes(bench: Bench) -> None:
    bench.write("a.log", LINE * 1000 + b"unfinished")
    bench.open("a.log", state=True)
    moved = []

    def copy(descriptor: int, offset: int, count: int) -> int:
        moved.append(os.pread(descriptor, min(count, 50_000), offset))
        return len(moved[-1])

    bench.clock.now += 1
    while bench.tailer.pump(copy):
        pass
    assert b"".join(moved) == LINE * 1000 + b"unfinished"
    assert bench.tailer.ledger.bytes_delivered == 128_010
    bench.close()
    bench.append("a.log", b" now finished\n")
    bench.open("a.log", state=True)
    assert bench.read() == b" now finished\n"


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (FromLine(1), b"1\n2\n3\n"),
        (FromLine(2), b"2\n3\n"),
        (FromLine(4), b""),
        (FromLine(9), b""),
        (LastLines(0), b""),
        (LastLines(1), b"3\n"),
        (LastLines(3), b"1\n2\n3\n"),
        (LastLines(9), b"1\n2\n3\n"),
    ],
)
def test_where_to_start_as_tail_does(
    bench: Bench, start: FromLine | LastLines, expected: bytes
) -> None:
    bench.write("a.log", b"1\n2\n3\n")
    bench.open("a.log", start=start)
    assert bench.read() == expected


def test_where_to_start_in_a_large_file(bench: Bench) -> None:
    bench.write("a.log", LINE * 10_000)
    bench.open("a.log", start=LastLines(5000))
    assert len(bench.read()) == 5000 * len(LINE)


def test_a_file_that_appears_later_is_read_from_its_beginning(bench: Bench) -> None:
    bench.open("a.log", start=LastLines(0))
    bench.read()
    bench.write("a.log", b"1\n2\n")
    assert bench.read() == b"1\n2\n"


def test_a_file_that_appears_after_begin_is_read_from_its_beginning(bench: Bench) -> None:
    bench.write("a.log", b"old\n")
    bench.open("*.log", start=LastLines(0)).begin()
    bench.write("b.log", b"1\n")
    bench.append("a.log", b"2\n")
    assert sorted(bench.read().splitlines()) == [b"1", b"2"]


def test_where_reading_begins_is_settled_in_the_first_step_however_many_files_there_are(
    bench: Bench,
) -> None:
    names = [f"{number}.log" for number in range(2 * LOOKS_AT_ONCE)]
    for name in names:
        bench.write(name, b"old\n")
    bench.open("*.log", start=LastLines(0)).step()
    for name in names:
        bench.append(name, b"new\n")
    assert bench.read() == b"new\n" * len(names)


def test_more_files_than_may_be_open_are_all_read(bench: Bench) -> None:
    for number in range(300):
        bench.write(f"{number}.log", b"1\n")
    bench.open("*.log", max_open_files=100)
    assert bench.read() == b"1\n" * 300
    assert bench.tailer.open_files <= 101
    for number in range(300):
        bench.append(f"{number}.log", b"2\n")
    assert bench.read() == b"2\n" * 300
    bench.rename("0.log", "0.log.1")
    bench.append("0.log.1", b"3\n")
    bench.write("0.log", b"4\n")
    assert bench.read() == b"3\n4\n"


def test_a_read_that_fails_is_counted_and_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log")
    bench.read()
    bench.append("a.log", b"2\n")

    def broken(descriptor: int, length: int, offset: int) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pread", broken)
        assert bench.read() == b""
    assert "Input/output error" in bench.log.getvalue()
    assert bench.read() == b"2\n"


def test_iterating_ends_after_stop_with_all_there_is(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    tailer = bench.open("a.log", state=True)
    found = []
    for chunk in tailer:
        found.append(chunk.data)
        chunk.ack()
        if len(found) == 1:
            bench.append("a.log", b"2\n")
            tailer.stop()
    assert found == [b"1\n", b"2\n"]
    assert tailer.is_finished


def test_acknowledging_in_another_thread_wakes_the_reader(bench: Bench) -> None:
    bench.write("a.log", LINE * 100)
    bench.open("a.log", chunk_bytes=1024, in_flight_bytes=2048, max_line_bytes=1000, poll_max=60.0)
    tailer, total = bench.tailer, 0

    def ack_later(chunks: list[object]) -> None:
        for chunk in chunks:
            chunk.ack()  # type: ignore[attr-defined]  # chunks

    while total < 100 * len(LINE):
        chunks = tailer.step()
        total += sum(len(chunk.data) for chunk in chunks)
        thread = threading.Thread(target=ack_later, args=(chunks,))
        thread.start()
        tailer.wait(10)
        thread.join()


async def test_iterating_asynchronously_yields_as_it_comes(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    tailer = bench.open("a.log", poll_max=0.01)
    tailer._clock = __import__("time").monotonic
    found = []
    async for chunk in tailer:
        found.append(chunk.data)
        chunk.ack()
        if len(found) < 3:
            bench.append("a.log", b"%d\n" % len(found))
        else:
            tailer.stop()
    assert found == [b"1\n", b"1\n", b"2\n"]


def test_reclaiming_gives_space_back_and_keeps_what_identifies(bench: Bench) -> None:
    bench.write("a.log", LINE * 32_768)
    bench.open("a.log", state=True, reclaim=True)
    assert len(bench.read()) == 4 * 1024 * 1024
    bench.tailer.save()
    bench.append("a.log", b"one\n")
    assert bench.read() == b"one\n"
    bench.tailer.save()
    seen = os.stat(bench.path("a.log"))
    assert seen.st_size == 4 * 1024 * 1024 + 4
    if bench.tailer.ledger.bytes_reclaimed == 0:
        needs.absent("a file system that punches holes is not here")
    assert seen.st_blocks * 512 < 64 * 1024
    bench.append("a.log", b"more\n")
    assert bench.read() == b"more\n"
    bench.close()
    bench.append("a.log", b"and more\n")
    bench.open("a.log", state=True, reclaim=True)
    assert bench.read() == b"and more\n"


def test_a_file_system_without_holes_is_said_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: HolePuncher, *rest: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(HolePuncher, "_punch", refuse)
    bench.write("a.log", LINE * 32_768)
    bench.open("a.log", state=True, reclaim=True)
    assert len(bench.read()) == 4 * 1024 * 1024
    for _ in range(2):
        bench.append("a.log", b"more\n")
        bench.read()
        bench.tailer.save()
    assert bench.log.getvalue().count("space cannot be reclaimed here") == 1
