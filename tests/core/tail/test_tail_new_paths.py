"""A path that is new to a glob, and was rotated before it was first seen, is read from its start."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from pillion.tail.glob import search
from pillion.tail.rotation.siblings import CLOCK_SLACK_NS

if TYPE_CHECKING:
    from pillion.tail.glob.search import Found, GlobSearch
    from tests.core.tail.conftest import Bench

ALIKE = b"Starting up\n"
states = pytest.mark.parametrize("state", ["stopped", "down"])
patterns = pytest.mark.parametrize("pattern", ["app?.log", "*.log", "app1.log", "app-*.log"])
NAMES = {"app-*.log": "app-1.log"}


def begin(bench: Bench, pattern: str, state: str) -> None:
    bench.write("app0.log", b"0\n")
    bench.open(pattern, "app0.log", state=True)
    assert bench.read() == b"0\n"
    if state == "down":
        bench.close()


def go_on(bench: Bench, pattern: str, state: str) -> bytes:
    if state == "down":
        bench.open(pattern, "app0.log", state=True)
    return bench.read() + bench.read() + bench.read()


@patterns
@states
@pytest.mark.parametrize("first", [b"first\n", ALIKE], ids=["first", "alike"])
def test_renamed_and_created_again(bench: Bench, pattern: str, state: str, first: bytes) -> None:
    name = NAMES.get(pattern, "app1.log")
    begin(bench, pattern, state)
    bench.write(name, first)
    bench.rename(name, f"{name}.1")
    bench.write(name, ALIKE + b"second\n")
    assert go_on(bench, pattern, state) == first + ALIKE + b"second\n"


@patterns
@states
@pytest.mark.parametrize("first", [b"first\n", ALIKE], ids=["first", "alike"])
def test_copied_and_truncated(bench: Bench, pattern: str, state: str, first: bytes) -> None:
    name = NAMES.get(pattern, "app1.log")
    begin(bench, pattern, state)
    bench.write(name, first)
    bench.copytruncate(name, f"{name}.1")
    bench.append(name, ALIKE + b"second\n")
    assert go_on(bench, pattern, state) == first + ALIKE + b"second\n"


@patterns
@states
def test_renamed_and_not_there_again_yet(bench: Bench, pattern: str, state: str) -> None:
    name = NAMES.get(pattern, "app1.log")
    begin(bench, pattern, state)
    bench.write(name, b"first\n")
    bench.rename(name, f"{name}.1")
    assert go_on(bench, pattern, state) == b"first\n"
    bench.write(name, b"second\n")
    assert bench.read() + bench.read() == b"second\n"


@patterns
@states
def test_twice_between_two_searches(bench: Bench, pattern: str, state: str) -> None:
    name = NAMES.get(pattern, "app1.log")
    begin(bench, pattern, state)
    bench.write(name, b"first\n")
    bench.rename(name, f"{name}.2")
    bench.write(name, b"second\n")
    bench.rename(name, f"{name}.1")
    assert go_on(bench, pattern, state) == b"first\nsecond\n"


def test_what_is_renamed_while_a_search_goes_on_is_found_by_the_next(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("app0.log", b"0\n")
    bench.open("app?.log", state=True)
    assert bench.read() == b"0\n"
    bench.write("app1.log", b"first\n")
    bench.rename("app1.log", "app1.log.1")
    while time.time_ns() - os.stat(bench.path("app1.log.1")).st_mtime_ns <= 2 * CLOCK_SLACK_NS:
        time.sleep(0.001)

    def shifting(self: GlobSearch) -> Found:
        found = original(self)
        bench.rename("app1.log.1", "app1.log.2")
        return found

    original = search.GlobSearch.search
    with monkeypatch.context() as patched:
        patched.setattr(search.GlobSearch, "search", shifting)
        assert bench.read() == b""
    bench.write("app1.log", b"second\n")
    assert bench.read() + bench.read() == b"first\nsecond\n"


def test_what_was_rotated_before_anyone_looked_is_not_read(bench: Bench) -> None:
    bench.write("app1.log.1", b"long ago\n")
    bench.write("app1.log", b"now\n")
    while time.time_ns() - os.stat(bench.path("app1.log")).st_mtime_ns <= CLOCK_SLACK_NS:
        time.sleep(0.001)
    bench.open("app?.log", state=True)
    assert bench.read() == b"now\n"
    bench.close()
    bench.open("app?.log", state=True)
    bench.write("app2.log", b"new\n")
    assert bench.read() == b"new\n"


def test_an_old_name_that_a_pattern_leaves_out_is_left_out(bench: Bench) -> None:
    bench.open("*.log", state=True, exclude=("app1.log",))
    bench.read()
    bench.write("app1.log.1", b"not wanted\n")
    bench.write("app2.log.1", b"wanted\n")
    assert bench.read() + bench.read() == b"wanted\n"
    assert not os.path.exists(bench.path("app2.log"))
