"""The wall clock jumps, and nothing is missed: what decides is the monotonic one."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from pillion.tail import Tailer, TailOptions
from pillion.tail.lowlevel import PollingWaker

if TYPE_CHECKING:
    from tests.core.tail.conftest import Bench

DAY = 24 * 3600 * 10**9


class Wall:
    """The system's clock, as far ahead as a test says."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return time.time_ns() + self.ahead


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def jumping(bench: Bench, wall: Wall) -> Bench:
    bench.tailer = Tailer(
        [bench.path("a.log")],
        options=TailOptions(),
        waker=PollingWaker(),
        clock=bench.clock,
        wall_ns=wall,
    )
    bench.tailers.append(bench.tailer)
    return bench


@pytest.mark.parametrize(("before", "after"), [(DAY, 0), (0, DAY), (0, -DAY)])
def test_what_came_and_went_between_two_looks_is_found(
    jumping: Bench, wall: Wall, before: int, after: int
) -> None:
    # Time stamps of files are the kernel's: a clock that was ahead of them was set back since.
    wall.ahead = before
    jumping.append("a.log", b"one\n")
    assert jumping.read() == b"one\n"
    wall.ahead = after
    for number, line in enumerate((b"two\n", b"three\n"), 1):
        os.rename(jumping.path("a.log"), jumping.path(f"a.log.{number}"))
        jumping.append("a.log", line)
    assert jumping.read() == b"two\nthree\n"


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_looks_searches_and_waits_go_on_as_before(jumping: Bench, wall: Wall, jump: int) -> None:
    jumping.append("a.log", b"one\nand a part")
    assert jumping.read() == b"one\n"
    wall.ahead = jump
    assert jumping.tailer.seconds_to_wait() <= jumping.tailer.options.scan_interval
    jumping.append("a.log", b" and its end\n")
    assert jumping.read() == b"and a part and its end\n"
    jumping.append("a.log", b"and another")
    assert jumping.read(after=1.0) == b""
    assert jumping.read(after=jumping.tailer.options.partial_flush) == b"and another"
