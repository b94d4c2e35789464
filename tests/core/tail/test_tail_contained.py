"""A fault stays where it is: one file's is that file's, and what can fail fails before it matters."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pillion.errors import ConfigurationError
from pillion.tail import Checkpoint, Tailer
from pillion.tail.lowlevel import PollingWaker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.core.tail.conftest import Bench


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@contextmanager
def most_descriptors(count: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@contextmanager
def failing_reads(monkeypatch: pytest.MonkeyPatch, path: str) -> Iterator[None]:
    """Have the system refuse to read one file, as a disk does that is broken."""
    inode, pread = os.stat(path).st_ino, os.pread

    def refuse(descriptor: int, count: int, offset: int) -> bytes:
        if os.fstat(descriptor).st_ino == inode:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return pread(descriptor, count, offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", refuse)
        yield


@pytest.mark.parametrize("pattern", ["[z-a].log", "x/[z-a]/*.log"])
def test_a_glob_that_cannot_be_compiled_is_a_configuration_error_and_locks_nothing(
    bench: Bench, pattern: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"invalid pattern .*bad character range z-a"):
        bench.open(pattern, state=True)
    bench.open("a.log", state=True)
    assert bench.read() == b""


def test_an_error_while_resuming_forgets_nothing_and_leaks_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("a.log", b"1\n" * 1000)
    bench.open("a.log", state=True)
    bench.read()
    bench.close()
    bench.append("a.log", b"2\n")
    bench.open("a.log", state=True)
    before = open_descriptors()
    with failing_reads(monkeypatch, bench.path("a.log")):
        assert bench.read() == b""
        assert bench.read() == b""
        assert open_descriptors() == before
    assert bench.read() == b"2\n"


def test_a_file_that_cannot_be_read_keeps_no_other_from_being_pumped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("a.log", b"a\n")
    bench.write("b.log", b"b\n")
    bench.open("a.log", "b.log")
    moved: list[bytes] = []

    def copy(descriptor: int, offset: int, count: int) -> int:
        moved.append(os.pread(descriptor, count, offset))
        return len(moved[-1])

    with failing_reads(monkeypatch, bench.path("a.log")):
        bench.clock.now += 1.1
        while bench.tailer.pump(copy):
            pass
    assert b"".join(moved) == b"b\n"
    assert bench.tailer.ledger.read_errors > 0
    bench.clock.now += 1.1
    while bench.tailer.pump(copy):
        pass
    assert b"".join(moved) == b"b\na\n"


async def test_who_stops_iterating_leaves_nothing_in_the_loop(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    for _ in range(2):
        tailer = Tailer([bench.path("a.log")], waker=PollingWaker())
        async for chunk in tailer:
            chunk.ack()
            break
        descriptor = tailer.waker.fileno()
        assert asyncio.get_running_loop().remove_reader(descriptor) is False
        tailer.close()


def test_closing_twice_writes_nothing_into_the_checkpoint_of_a_successor(bench: Bench) -> None:
    bench.write("a.log", b"x" * 1999 + b"\n")
    first = bench.open("a.log", state=True)
    bench.read()
    first.handover().close()
    bench.tailers.remove(first)
    bench.append("a.log", b"y" * 1999 + b"\n")
    bench.open("a.log", state=True)
    bench.read()
    bench.tailer.save()
    first.close()
    first.close()
    bench.close()
    bench.open("a.log", state=True)
    assert bench.read() == b"", "the position of the successor holds"


def test_more_files_than_descriptors_are_read_in_turn(bench: Bench) -> None:
    for number in range(300):
        bench.write(f"{number}.log", b"%d\n" % number)
    bench.open("*.log", state=True)
    bench.close()
    with most_descriptors(64):
        tailer = Tailer(
            [bench.path("*.log")],
            checkpoint=Checkpoint(bench.path("state")),
            waker=PollingWaker(),
            clock=bench.clock,
        )
        bench.tailer = tailer
        bench.tailers.append(tailer)
        found = bench.read() + bench.read() + bench.read()
        for number in range(300):
            bench.append(f"{number}.log", b"more %d\n" % number)
        more = bench.read() + bench.read() + bench.read()
        assert tailer.open_files <= 64
    assert sorted(found.split()) == sorted(b"%d" % number for number in range(300))
    assert more.count(b"more") == 300


def test_old_generations_do_not_pile_up_open(bench: Bench) -> None:
    bench.open("*.log", rotate_wait=3600.0)
    for round_ in range(10):
        for number in range(4):
            bench.append(f"{number}.log", b"%d\n" % round_)
        assert len(bench.read().splitlines()) == 4
        for number in range(4):
            for old in range(round_, 0, -1):
                bench.rename(f"{number}.log.{old}", f"{number}.log.{old + 1}")
            bench.rename(f"{number}.log", f"{number}.log.1")
        bench.read()
    assert bench.tailer.open_files <= 4 * 4


def test_nothing_is_kept_of_paths_that_come_and_go(bench: Bench) -> None:
    bench.open("*.log", state=True, rotate_wait=0.0, checkpoint_interval=1e9)
    tailer = bench.tailer
    for batch in range(60):
        for number in range(100):
            bench.write(f"{batch}-{number}.log", b"1\n")
        assert len(bench.chunks()) == 100
        for number in range(100):
            os.unlink(bench.path(f"{batch}-{number}.log"))
        bench.chunks()
    bench.chunks()
    known, following = tailer._registry, tailer._scanner
    assert len(known._done) <= 4096
    assert len(known._done_of_path) <= len(known._done)
    assert not following.followers
    assert not known.held
    assert not following._targets
    assert len(following._schedule._heap) < 1000
    assert tailer.open_files == 0
