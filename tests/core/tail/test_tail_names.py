"""The name of a generation, which ids are made of: never given twice, and safe before it is used."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pillion.tail.generation import CLOSED, Generation
from pillion.tail.registry import MOST_DONE

if TYPE_CHECKING:
    from tests.core.tail.conftest import Bench

BANNER = b"# the same first line in each\n"


def names(bench: Bench) -> set[str]:
    return {chunk.identity for chunk in bench.chunks()}


def test_two_paths_that_had_the_same_inode_and_first_line_one_after_the_other(
    bench: Bench,
) -> None:
    bench.append("one.log", BANNER + b"1\n")
    bench.open("*.log", rotate_wait=0.0)
    first = names(bench)
    # A rename keeps the inode, as one that is used again would be the same.
    os.rename(bench.path("one.log"), bench.path("kept"))
    for _ in range(3):
        bench.clock.now += 60
        names(bench)
    os.rename(bench.path("kept"), bench.path("two.log"))
    with open(bench.path("two.log"), "r+b") as file:
        file.truncate()
        file.write(BANNER + b"another\n")
    bench.clock.now += 60
    second = names(bench)
    assert first
    assert second
    assert not first & second


def test_a_path_that_was_not_there_when_its_tailer_ended(bench: Bench) -> None:
    bench.append("a.log", BANNER + b"1\n")
    bench.open("*.log", state=True, rotate_wait=0.0)
    first = names(bench)
    os.rename(bench.path("a.log"), bench.path("kept"))
    for _ in range(3):
        bench.clock.now += 60
        names(bench)
    bench.close()
    with open(bench.path("kept"), "r+b") as file:
        file.truncate()
        file.write(BANNER + b"another\n")
    os.rename(bench.path("kept"), bench.path("a.log"))
    bench.open("*.log", state=True)
    second = names(bench)
    assert first
    assert second
    assert not first & second


@pytest.mark.parametrize("restarts", [False, True])
def test_a_path_whose_file_was_deleted_counts_on(bench: Bench, *, restarts: bool) -> None:
    # The next file at the path may be given the inode of the one before, and begin as it did.
    bench.append("a.log", BANNER)
    bench.open("*.log", state=True, rotate_wait=0.0)
    first = names(bench)
    os.unlink(bench.path("a.log"))
    for _ in range(3):
        bench.clock.now += 60
        names(bench)
    assert bench.tailer.open_files == 0
    if restarts:
        bench.close()
        bench.open("*.log", state=True)
    bench.append("a.log", BANNER)
    bench.clock.now += 60
    ordinals = [each.split("-")[2] for each in (*first, *names(bench))]
    assert ordinals == ["0", "1"]


def test_paths_that_are_gone_are_not_remembered_for_ever(bench: Bench) -> None:
    bench.open("*.log", state=True, rotate_wait=0.0)
    known = bench.tailer._registry
    generation = Generation("", (1, 1), 0, CLOSED, now=0.0)
    for number in range(2 * MOST_DONE):
        entry = replace(generation.entry(is_done=True), path=f"/{number}", key=(1, number))
        known.finish(entry) if number % 2 else known.finish_deleted(entry)
    assert len(known.done()) == MOST_DONE
    assert len(known._done_of_path) == MOST_DONE


def test_what_was_handed_out_before_a_crash_has_its_name_to_itself(bench: Bench) -> None:
    bench.open("a.log", state=True, keep_names=True, checkpoint_interval=3600.0)
    bench.read()
    bench.append("a.log", BANNER + b"1\n")
    bench.clock.now += 1
    first = {chunk.identity for chunk in bench.tailer.step()}
    bench.crash()
    with open(bench.path("a.log"), "r+b") as file:
        file.truncate()
        file.write(BANNER + b"another\n")
    bench.open("a.log", state=True, keep_names=True)
    second = names(bench)
    assert first
    assert second
    assert not first & second
