"""A tailer that takes the place of another: it goes on with the files that that one had open."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pillion.tail import Checkpoint, Tailer
from pillion.tail.lowlevel import PollingWaker

if TYPE_CHECKING:
    from tests.core.tail.conftest import Bench


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def replace(bench: Bench, *, meanwhile: str = "") -> None:
    """Put another tailer in the place of the one at work; delete or cut its file meanwhile."""
    before, path = bench.tailer, bench.path("a.log")
    files = before.handover()
    bench.tailers.remove(before)
    if "cut" in meanwhile:
        os.truncate(path, 0)
        bench.append("a.log", b"4\n")
    if "deleted" in meanwhile:
        os.unlink(path)
    bench.tailer = Tailer(
        [path],
        checkpoint=Checkpoint(bench.path("state")),
        waker=PollingWaker(),
        clock=bench.clock,
        handover=files,
    )
    bench.tailers.append(bench.tailer)


def test_what_is_deleted_meanwhile_is_read_to_its_end(bench: Bench) -> None:
    bench.open("a.log", state=True)
    bench.append("a.log", b"one\n")
    assert bench.read() == b"one\n"
    bench.append("a.log", b"two\n")
    replace(bench, meanwhile="deleted")
    bench.append("a.log", b"three\n")
    assert bench.read() == b"two\nthree\n"
    assert bench.tailer.ledger.bytes_lost == 0


def test_what_was_deleted_before_is_too(bench: Bench) -> None:
    bench.open("a.log", state=True)
    bench.append("a.log", b"one\n")
    chunks = bench.chunks(ack=False)
    os.unlink(bench.path("a.log"))
    bench.chunks(ack=False)
    replace(bench)
    assert bench.read() == chunks[0].data


def test_what_is_cut_filled_and_deleted_meanwhile_is_read(bench: Bench) -> None:
    bench.open("a.log", state=True)
    bench.append("a.log", b"one and more\n")
    assert bench.read() == b"one and more\n"
    replace(bench, meanwhile="cut and deleted")
    assert bench.read() == b"4\n"


def test_nothing_stays_open_that_is_not_wanted(bench: Bench) -> None:
    bench.open("a.log", state=True)
    bench.append("a.log", b"one\n")
    bench.read()
    bench.close()
    least = open_files()
    bench.open("a.log", state=True)
    bench.read()
    replace(bench)
    bench.read()
    replace(bench, meanwhile="cut")
    bench.read()
    bench.close()
    assert open_files() == least
