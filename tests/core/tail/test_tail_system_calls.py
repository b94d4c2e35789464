"""What a test of the outcome cannot see: the order of system calls, wakes, and what is let go."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pillion.log import Logger
from pillion.tail import Checkpoint
from pillion.tail.scanner import SCAN_COST_FACTOR

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.tail.conftest import Bench


def test_a_checkpoint_is_synced_renamed_and_its_directory_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = Checkpoint(tmp_path)
    checkpoint.load(Logger(level="error"))
    checkpoint.save([], 1)
    calls: list[tuple[str, ...]] = []
    real_sync, real_replace = os.fsync, os.replace

    def sync(descriptor: int) -> None:
        calls.append(("fsync", os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}"))))
        real_sync(descriptor)

    def replace(old: str, new: str) -> None:
        calls.append(("replace", os.path.basename(old), os.path.basename(new)))
        real_replace(old, new)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", replace)
    assert checkpoint.save([], 2)
    checkpoint.close()
    assert calls == [
        ("fsync", "tail.checkpoint.new"),
        ("replace", "tail.checkpoint", "tail.checkpoint.previous"),
        ("replace", "tail.checkpoint.new", "tail.checkpoint"),
        ("fsync", tmp_path.name),
    ]


def test_an_acknowledgement_wakes_a_tailer_that_sleeps_and_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("a.log", b"one\n")
    tailer = bench.open("a.log")
    (chunk,) = bench.chunks(ack=False)
    bench.append("a.log", b"two\n")
    (other,) = bench.chunks(ack=False)
    wakes: list[str] = []
    monkeypatch.setattr(type(tailer.waker), "wake", lambda _: wakes.append("wake"))
    chunk.ack()
    assert wakes == []
    bench.tailer.step()
    tailer.fall_asleep()
    other.ack()
    assert wakes == ["wake"]


def test_unfinished_lines_are_let_go_once_they_are_finished(bench: Bench) -> None:
    bench.open("a.log")
    bench.append("a.log", b"unfinished")
    assert bench.read() == b""
    reader = bench.tailer._turns._reader
    assert reader.partial_bytes == len(b"unfinished")
    bench.append("a.log", b" no more\n")
    assert bench.read() == b"unfinished no more\n"
    assert reader.partial_bytes == 0


def test_a_search_that_takes_long_is_made_less_often(bench: Bench) -> None:
    scanner = bench.open("*.log")._scanner
    took = 2.0
    scanner.scan(bench.clock.now, lambda: bench.clock.now + took)
    assert scanner.scan_due == bench.clock.now + SCAN_COST_FACTOR * took


def test_the_lines_of_a_checkpoint_are_not_kept_of_generations_that_are_gone(bench: Bench) -> None:
    tailer = bench.open("*.log", state=True)
    names = [f"{number}.log" for number in range(20)]
    for name in names:
        bench.write(name, b"line\n")
    assert bench.read() == b"line\n" * len(names)
    tailer.save()
    assert len(tailer._writer._lines) == len(names)
    for name in names[1:]:
        os.unlink(bench.path(name))
    bench.read()
    bench.read(after=60.0)
    tailer._writer.is_dirty = True
    tailer.save()
    assert len(tailer._writer._lines) == 1
