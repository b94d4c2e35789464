"""Rotation between two system calls of one look."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pillion.tail.resumption import Resumption

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from pillion.tail.checkpoint.format import Entry
    from tests.core.tail.conftest import Bench


def once_after(
    monkeypatch: pytest.MonkeyPatch, name: str, path: str | int, rotate: Callable[[], None]
) -> None:
    """Rotate after the first call of an `os` function for a path or a descriptor."""
    real, due = getattr(os, name), [rotate]

    def call(given: Any, *arguments: Any, **options: Any) -> Any:
        found = real(given, *arguments, **options)
        if given == path and due:
            due.pop()()
        return found

    monkeypatch.setattr(os, name, call)


def test_a_file_that_is_copied_and_cut_between_its_opening_and_the_first_look_into_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.open("a.log")
    bench.append("a.log", b"one\n")
    assert bench.read() == b"one\n"
    os.unlink(bench.path("a.log"))
    bench.append("a.log", b"two\n")

    def rotate() -> None:
        bench.copytruncate("a.log", "a.log.1")
        bench.append("a.log", b"three, and more than before\n")

    once_after(monkeypatch, "open", bench.path("a.log"), rotate)
    assert bench.read() == b"two\nthree, and more than before\n"


def test_an_empty_file_that_is_filled_copied_and_cut_within_a_look(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.open("a.log")
    bench.append("a.log", b"one\n")
    assert bench.read() == b"one\n"
    os.unlink(bench.path("a.log"))
    bench.append("a.log", b"")
    assert bench.read() == b""
    bench.append("a.log", b"two\n")

    def rotate() -> None:
        bench.copytruncate("a.log", "a.log.1")
        bench.append("a.log", b"three, and more than before\n")

    # It has been searched for beside its path by then, and is about to be looked into.
    (live,) = [each for each in bench.tailer._registry.held.values() if each.detached_at is None]
    once_after(monkeypatch, "pread", live.descriptor, rotate)
    assert bench.read() == b"two\nthree, and more than before\n"


def test_a_file_that_is_copied_and_cut_within_a_look_comes_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.later_ns = -1_000_000_000  # all has just changed, and is searched again
    bench.open("a.log")
    assert bench.read() == b""
    bench.append("a.log", b"one\n")
    assert bench.read() == b"one\n"

    once_after(
        monkeypatch, "stat", bench.path("a.log"), lambda: bench.copytruncate("a.log", "a.log.1")
    )
    assert bench.read() == b""
    bench.append("a.log", b"two\n")
    assert bench.read() == b"two\n"
    bench.assert_balanced()


def test_a_file_that_is_copied_and_cut_while_it_is_taken_up_after_a_restart_comes_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.open("a.log", state=True)
    bench.append("a.log", b"one\n" * 100)
    assert bench.read() == b"one\n" * 100
    bench.close()
    bench.append("a.log", b"two\n")
    bench.open("a.log", state=True)
    is_intact = Resumption._is_intact

    def and_then_rotate(
        resumption: Resumption, entry: Entry, original: int, since_ns: int | None
    ) -> bool:
        found = is_intact(resumption, entry, original, since_ns)
        bench.copytruncate("a.log", "a.log.1")
        bench.append("a.log", b"three\n")
        return found

    monkeypatch.setattr(Resumption, "_is_intact", and_then_rotate)
    assert bench.read() == b"two\nthree\n"
    assert bench.tailer.ledger.bytes_lost == 0
    bench.assert_balanced()
