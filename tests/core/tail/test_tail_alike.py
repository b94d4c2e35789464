"""Generations that begin alike: content says that a file is another one, never that it is the same.

Each sequence was found by an oracle that knew nothing of this engine, and lost lines.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.tail.conftest import Bench

BANNERS = {
    "a line": b"Starting up\n",
    "2.3 KB": b"".join(b"banner line %03d of the application\n" % n for n in range(66)),
    "the same line, 5,000 times": b"tick\n" * 5000,
}
banners = pytest.mark.parametrize("banner", BANNERS.values(), ids=BANNERS)
interruptions = pytest.mark.parametrize("interruption", ["stopped", "killed", "restarted"])


def begin(bench: Bench, content: bytes, *, glob: str = "a.log", **options: object) -> None:
    bench.write("a.log", content)
    bench.open(glob, state=True, **options)
    assert bench.read() == content
    bench.tailer.save()


def interrupt(bench: Bench, interruption: str) -> None:
    if interruption == "killed":
        bench.crash()
    elif interruption == "restarted":
        bench.close()


def go_on(bench: Bench, interruption: str, *, glob: str = "a.log") -> bytes:
    if interruption != "stopped":
        bench.open(glob, state=True)
    found = bench.read()
    return found + bench.read()


def shift(bench: Bench) -> None:
    if os.path.exists(bench.path("a.log.1")):
        bench.rename("a.log.1", "a.log.2")
    bench.rename("a.log", "a.log.1")


@banners
@interruptions
def test_a_generation_between_two_that_begin_alike_is_read(
    bench: Bench, banner: bytes, interruption: str
) -> None:
    begin(bench, banner)
    interrupt(bench, interruption)
    shift(bench)
    bench.write("a.log", banner + b"IMPORTANT\n")
    shift(bench)
    bench.write("a.log", banner + b"third\n")
    assert go_on(bench, interruption) == banner + b"IMPORTANT\n" + banner + b"third\n"
    assert bench.tailer.ledger.bytes_lost == 0


@banners
@interruptions
def test_generations_that_are_the_same_to_the_last_byte_are_all_read(
    bench: Bench, banner: bytes, interruption: str
) -> None:
    begin(bench, banner)
    interrupt(bench, interruption)
    for _ in range(2):
        shift(bench)
        bench.write("a.log", banner)
    assert go_on(bench, interruption) == banner * 2


@banners
@pytest.mark.parametrize("interruption", ["killed", "restarted"])
def test_a_file_in_the_place_of_a_deleted_one_is_read_from_its_beginning(
    bench: Bench, banner: bytes, interruption: str
) -> None:
    begin(bench, banner)
    interrupt(bench, interruption)
    os.unlink(bench.path("a.log"))
    bench.write("a.log", banner + b"another\n")
    assert go_on(bench, interruption) == banner + b"another\n"


@banners
@interruptions
def test_copies_that_begin_alike_are_told_apart_by_their_age(
    bench: Bench, banner: bytes, interruption: str
) -> None:
    begin(bench, banner)
    interrupt(bench, interruption)
    bench.append("a.log", b"first\n")
    bench.copytruncate("a.log", "a.log.2")
    bench.append("a.log", banner + b"second\n")
    bench.copytruncate("a.log", "a.log.1")
    bench.append("a.log", b"third\n")
    found = go_on(bench, interruption)
    assert found == b"first\n" + banner + b"second\n" + b"third\n"
    assert bench.tailer.ledger.bytes_lost == 0


@banners
@interruptions
def test_a_file_that_was_copied_away_and_filled_alike_is_read_again(
    bench: Bench, banner: bytes, interruption: str
) -> None:
    begin(bench, banner)
    interrupt(bench, interruption)
    bench.copytruncate("a.log", "a.log.1")
    bench.append("a.log", banner + b"second\n")
    assert go_on(bench, interruption) == banner + b"second\n"
    assert bench.tailer.ledger.bytes_lost == 0


@interruptions
def test_a_copy_beside_a_file_that_goes_on_is_not_read(bench: Bench, interruption: str) -> None:
    content = b"".join(b"line %d\n" % number for number in range(20_000))
    begin(bench, content)
    interrupt(bench, interruption)
    shutil.copyfile(bench.path("a.log"), bench.path("a.log.1"))
    bench.append("a.log", b"more\n")
    assert go_on(bench, interruption) == b"more\n"


@pytest.mark.parametrize("directory", ["/dev/shm"])
def test_an_inode_that_is_used_again_is_another_file(directory: str, bench: Bench) -> None:
    begin(bench, b"tick\n" * 1000)
    bench.close()
    before = os.stat(bench.path("a.log")).st_ino
    os.unlink(bench.path("a.log"))
    for number in range(200):
        bench.write("a.log", b"tick\n" * 2000)
        if os.stat(bench.path("a.log")).st_ino == before:
            break
        os.rename(bench.path("a.log"), bench.path(f"other{number}"))
    else:
        pytest.skip("this file system does not give an inode out again soon")
    bench.open("a.log", state=True)
    assert bench.read() == b"tick\n" * 2000
