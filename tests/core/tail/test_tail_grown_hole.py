"""A hole that was skipped, and is longer when reading goes on behind it: the file was cut."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from pillion.tail import Tailer
from pillion.tail.reader.blocks import Reader

if TYPE_CHECKING:
    from pathlib import Path

    from pillion.tail.generation import Generation

HOLE = 15_000
BEFORE = b"before\n" * 100
AFTER = b"after\n"


@pytest.fixture(params=["before", "after"])
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A log that begins with a hole, and is copied and cut just before or after that is skipped."""
    path = tmp_path / "app.log"
    writer = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.pwrite(writer, BEFORE, HOLE)
    skip_hole = Reader.skip_hole
    is_cut = False

    def skip_and_cut(self: Reader, generation: Generation) -> None:
        nonlocal is_cut
        if request.param == "after" or is_cut:
            skip_hole(self, generation)
        if not is_cut:
            is_cut = True
            shutil.copyfile(path, tmp_path / "app.log.1")
            os.ftruncate(writer, 0)
            os.pwrite(writer, AFTER, HOLE + len(BEFORE))
            os.close(writer)
            if request.param == "before":
                skip_hole(self, generation)

    monkeypatch.setattr(Reader, "skip_hole", skip_and_cut)
    return path


def test_what_was_behind_the_hole_is_read_from_the_copy_and_no_nul_is_delivered(log: Path) -> None:
    with Tailer([str(log)]) as tailer:
        tailer.stop()
        came = b"".join(chunk.data for chunk in tailer)

    assert came == BEFORE + AFTER
    assert tailer.ledger.bytes_lost == 0


def test_what_is_moved_by_the_caller_is_held_to_the_same(log: Path) -> None:
    came = bytearray()

    def copy(descriptor: int, offset: int, count: int) -> int:
        data = os.pread(descriptor, count, offset)
        came.extend(data)
        return len(data)

    with Tailer([str(log)]) as tailer:
        tailer.stop()
        while not tailer.is_finished:
            tailer.pump(copy)

    assert bytes(came) == BEFORE + AFTER
