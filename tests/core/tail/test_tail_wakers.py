"""Hints make a turn come sooner; without them it comes all the same."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from pillion.log import Logger
from pillion.tail import Tailer, TailOptions
from pillion.tail.inotify import BUSY_EVENTS
from pillion.tail.lowlevel import InotifyWaker, PollingWaker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pillion.tail import Chunk


@pytest.fixture
def waker() -> Iterator[InotifyWaker]:
    made = InotifyWaker(Logger(level="error"))
    yield made
    made.close()


def wait_for_hint(waker: InotifyWaker, path: str) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        waker.wait(0.1)
        if path in waker.hints():
            return True
    return False


def test_wake_ends_a_wait_and_is_not_remembered_longer_than_that() -> None:
    waker = PollingWaker()
    waker.wake()
    waker.wake()
    before = time.monotonic()
    waker.wait(10)
    assert time.monotonic() - before < 5
    before = time.monotonic()
    waker.wait(0.05)
    assert time.monotonic() - before >= 0.045
    waker.close()


def test_a_write_in_a_watched_directory_is_a_hint(tmp_path: Path, waker: InotifyWaker) -> None:
    waker.watch({str(tmp_path)})
    assert waker.watches(str(tmp_path))
    (tmp_path / "a.log").write_text("1\n")
    assert wait_for_hint(waker, f"{tmp_path}/a.log")


def test_reading_gives_no_hints(tmp_path: Path, waker: InotifyWaker) -> None:
    (tmp_path / "a.log").write_text("1\n")
    waker.watch({str(tmp_path)})
    (tmp_path / "a.log").read_text()
    (tmp_path / "mark").write_text("")
    assert wait_for_hint(waker, f"{tmp_path}/mark")
    assert f"{tmp_path}/a.log" not in waker.hints()


def test_a_directory_in_which_much_happens_is_put_aside(tmp_path: Path) -> None:
    now = [1000.0]
    waker = InotifyWaker(Logger(level="error"), lambda: now[0])
    waker.watch({str(tmp_path)})
    for number in range(2 * BUSY_EVENTS):
        (tmp_path / f"{number}").write_text("")
    assert wait_for_hint(waker, f"{tmp_path}/{2 * BUSY_EVENTS - 1}")
    waker.watch({str(tmp_path)})
    assert not waker.watches(str(tmp_path))
    now[0] += 3
    waker.watch({str(tmp_path)})
    assert waker.watches(str(tmp_path))
    waker.close()


def test_a_directory_that_was_replaced_is_watched_anew(tmp_path: Path, waker: InotifyWaker) -> None:
    directory = tmp_path / "logs"
    directory.mkdir()
    waker.watch({str(directory)})
    directory.rename(tmp_path / "old")
    directory.mkdir()
    waker.watch({str(directory)})
    waker.watch({str(directory)})
    (directory / "a.log").write_text("1\n")
    assert wait_for_hint(waker, f"{directory}/a.log")


def test_without_inotify_it_says_so_once_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waker: InotifyWaker
) -> None:
    def refuse(self: InotifyWaker) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(InotifyWaker, "_running_observer", refuse)
    (tmp_path / "a.log").write_text("1\n")
    options = TailOptions(poll_max=0.01)
    with Tailer([f"{tmp_path}/a.log"], options=options, waker=waker) as tailer:
        found = []
        for chunk in tailer:
            found.append(chunk.data)
            if len(found) == 1:
                os.truncate(f"{tmp_path}/a.log", 0)
                (tmp_path / "a.log").write_text("2\n")
            else:
                tailer.stop()
    assert found == [b"1\n", b"2\n"]


def test_a_quiet_file_is_read_by_hint_long_before_its_turn(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("1\n")
    options = TailOptions(poll_watched=60.0, poll_max=60.0)
    with Tailer([f"{tmp_path}/a.log"], options=options) as tailer:
        assert tailer.step()
        deadline = time.monotonic() + 0.3
        while time.monotonic() < deadline:
            tailer.step()
            tailer.wait(0.05)
        with open(tmp_path / "a.log", "a") as file:
            file.write("2\n")
        chunks: list[Chunk] = []
        deadline = time.monotonic() + 5
        while not chunks and time.monotonic() < deadline:
            tailer.wait(1)
            chunks = tailer.step()
    assert [chunk.data for chunk in chunks] == [b"2\n"]
