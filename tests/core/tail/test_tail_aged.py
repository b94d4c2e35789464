"""Files that are older than is wanted are left out, until they are written to."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.tail.conftest import Bench

HOUR = 3600.0


def age(bench: Bench, name: str, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(bench.path(name), (then, then))


@pytest.mark.parametrize("pattern", ["*.log", "app.log"])
def test_an_old_file_is_left_out_and_what_is_added_to_it_is_read(
    bench: Bench, pattern: str
) -> None:
    bench.write("app.log", b"old\n")
    age(bench, "app.log", 2 * HOUR)
    bench.open(pattern, ignore_older=HOUR)
    assert bench.read() == b""
    bench.append("app.log", b"new\n")
    assert bench.read(after=60) == b"new\n"
    assert "too_old=1" in bench.log.getvalue()


def test_a_young_file_is_read_and_goes_on_being_read_when_it_ages(bench: Bench) -> None:
    bench.write("app.log", b"one\n")
    bench.open("*.log", ignore_older=HOUR)
    assert bench.read() == b"one\n"
    bench.append("app.log", b"two\n")
    age(bench, "app.log", 2 * HOUR)
    assert bench.read(after=60) == b"two\n"


def test_a_file_that_takes_the_place_of_an_old_one_is_read_whole(bench: Bench) -> None:
    bench.write("app.log", b"old\n")
    age(bench, "app.log", 2 * HOUR)
    bench.open("*.log", ignore_older=HOUR)
    assert bench.read() == b""
    bench.write("next", b"longer than before\n")
    bench.rename("next", "app.log")
    assert bench.read(after=60) == b"longer than before\n"


def test_an_old_file_that_was_cut_is_read_from_its_beginning(bench: Bench) -> None:
    bench.write("app.log", b"old and long\n")
    age(bench, "app.log", 2 * HOUR)
    bench.open("*.log", ignore_older=HOUR)
    assert bench.read() == b""
    bench.write("app.log", b"new\n")
    assert bench.read(after=60) == b"new\n"


def test_what_the_checkpoint_knows_is_read_however_old(bench: Bench) -> None:
    bench.write("app.log", b"one\n")
    bench.open("*.log", state=True, ignore_older=HOUR)
    assert bench.read() == b"one\n"
    bench.close()
    bench.append("app.log", b"two\n")
    age(bench, "app.log", 2 * HOUR)
    bench.open("*.log", state=True, ignore_older=HOUR)
    assert bench.read() == b"two\n"
